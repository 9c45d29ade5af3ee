-- A registration that a steward turned down: when, by whom and why. Its row stays as one that is over (merged).
ALTER TABLE hcp ADD COLUMN refused_at BIGINT;
ALTER TABLE hcp ADD COLUMN refused_by TEXT;
ALTER TABLE hcp ADD COLUMN refused_reason TEXT;
CREATE INDEX hcp_refused ON hcp (refused_at, id) WHERE refused_at IS NOT NULL;
