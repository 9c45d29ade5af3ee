-- SQLite reads a condition of a partial index from the row again unless the index has its columns: with them, what
-- dashboards count by HCP lies in these indexes whole.
DROP INDEX article_view_hcp;
CREATE INDEX article_view_hcp ON article_view (reader, viewed_on, root_staff_id, article_id, reread, finished, kind)
    WHERE kind = 'pv' AND root_staff_id IS NOT NULL AND reader LIKE 'hcp:%';
DROP INDEX share_link_sent;
CREATE INDEX share_link_sent ON share_link (recipient_id, created_on, root_staff_id, article_id, opened_at, was_read,
    was_passed, was_reopened, parent) WHERE parent IS NULL AND root_staff_id IS NOT NULL;
DROP INDEX share_link_passed;
CREATE INDEX share_link_passed ON share_link (sharer, created_on, root_staff_id, article_id, parent, opened_at)
    WHERE parent IS NOT NULL AND opened_at IS NOT NULL;
DROP INDEX consent_tracked;
CREATE INDEX consent_tracked ON consent (hcp_id, purpose, granted, withdrawn_at)
    WHERE purpose = 'tracking' AND granted AND withdrawn_at IS NULL;
