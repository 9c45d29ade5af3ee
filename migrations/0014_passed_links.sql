-- Who passed on what, and when, without the links themselves: reports by HCP and boards of a province or specialty.
CREATE INDEX share_link_passed ON share_link (sharer, created_on, root_staff_id, article_id)
    WHERE parent IS NOT NULL AND opened_at IS NOT NULL;
