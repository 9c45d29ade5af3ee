-- Readers' days by unit and article, as `reach` has them by unit: visitors of an article over any range. Like the others,
-- `mailuo rollup rebuild` writes them anew.
CREATE TABLE unit_article_reach (
    unit_id TEXT NOT NULL,
    article_id TEXT NOT NULL,
    day TEXT NOT NULL,
    prev_on TEXT NOT NULL,
    -- hcp or vis.
    kind TEXT NOT NULL,
    n BIGINT NOT NULL,
    -- Days before articles: rankings ask for all articles of some days.
    PRIMARY KEY (unit_id, day, article_id, prev_on, kind)
);
INSERT INTO unit_article_reach (unit_id, article_id, day, prev_on, kind, n)
    SELECT e.unit_id, e.article_id, e.day, e.prev_on, e.kind, COUNT(*) FROM (
        SELECT d.unit_id, d.article_id, d.day, d.kind,
        COALESCE(LAG(d.day) OVER (PARTITION BY d.unit_id, d.article_id, d.reader ORDER BY d.day), '') AS prev_on FROM (
            SELECT DISTINCT c.ancestor_id AS unit_id, v.article_id, v.reader, v.viewed_on AS day,
            SUBSTR(v.reader, 1, 3) AS kind
            FROM article_view v JOIN staff s ON s.id = v.root_staff_id JOIN org_closure c ON c.descendant_id = s.unit_id
            WHERE v.kind = 'pv'
        ) d
    ) e GROUP BY e.unit_id, e.article_id, e.day, e.prev_on, e.kind;
CREATE INDEX unit_article_reach_gone ON unit_article_reach (unit_id) WHERE n = 0;
