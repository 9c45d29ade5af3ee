-- What dashboards count lies in indexes whole: views of some days, views of some HCPs, links to some HCPs, sums of flow,
-- who owned an HCP when they were onboarded.
DROP INDEX article_view_day;
CREATE INDEX article_view_day ON article_view (viewed_on, kind, root_staff_id, reader, article_id, reread, finished);
CREATE INDEX article_view_hcp ON article_view (reader, viewed_on, root_staff_id, article_id, reread, finished)
    WHERE kind = 'pv' AND root_staff_id IS NOT NULL AND reader LIKE 'hcp:%';
CREATE INDEX share_link_sent ON share_link (recipient_id, created_on, root_staff_id, article_id, opened_at, was_read,
    was_passed, was_reopened) WHERE parent IS NULL AND root_staff_id IS NOT NULL;
-- Roots have none, and are not looked for by that.
DROP INDEX share_link_parent;
CREATE INDEX share_link_parent ON share_link (parent) WHERE parent IS NOT NULL;
DROP INDEX flow_terminal_sum_credited;
CREATE INDEX flow_terminal_sum_credited ON flow_terminal_sum (credited_id, month, terminal_id, open_count,
    confirmed_count, appealed_count);
DROP INDEX hcp_onboarded;
CREATE INDEX hcp_onboarded ON hcp (onboarded_at, state, id) WHERE onboarded_at IS NOT NULL;
DROP INDEX hcp_ownership_hcp;
CREATE INDEX hcp_ownership_hcp ON hcp_ownership (hcp_id, starts_at, id, owner_id, ends_at);
