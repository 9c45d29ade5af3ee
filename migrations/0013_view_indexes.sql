-- Views are counted out of the indexes alone: all of some days, and those of some HCPs on them.
DROP INDEX article_view_day;
CREATE INDEX article_view_day ON article_view (viewed_on, kind, root_staff_id, reader, article_id, reread, finished);
CREATE INDEX article_view_hcp ON article_view (reader, viewed_on, root_staff_id, article_id, reread, finished)
    WHERE kind = 'pv' AND root_staff_id IS NOT NULL AND reader LIKE 'hcp:%';
