-- Who agrees to be named as a reader, and the HCPs of a specialty, each out of an index alone: what is narrowed by province
-- or specialty, or told apart by HCP, asks for all of them.
CREATE INDEX consent_tracked ON consent (hcp_id) WHERE purpose = 'tracking' AND granted AND withdrawn_at IS NULL;
DROP INDEX hcp_specialty_or_department;
CREATE INDEX hcp_specialty_or_department ON hcp ((COALESCE(NULLIF(specialty, ''), department)), id);
