-- Sums of sharing by unit with all below it and by article, for boards and reports of content within a unit. Like the
-- others, `mailuo rollup rebuild` writes them anew.
CREATE TABLE unit_article_day (
    unit_id TEXT NOT NULL,
    day TEXT NOT NULL,
    article_id TEXT NOT NULL,
    pv BIGINT NOT NULL,
    rereads BIGINT NOT NULL,
    finished BIGINT NOT NULL,
    created BIGINT NOT NULL,
    opened BIGINT NOT NULL,
    was_read BIGINT NOT NULL,
    was_passed BIGINT NOT NULL,
    was_reopened BIGINT NOT NULL,
    passed BIGINT NOT NULL,
    PRIMARY KEY (unit_id, day, article_id)
);
INSERT INTO unit_article_day (unit_id, day, article_id, pv, rereads, finished, created, opened, was_read, was_passed,
    was_reopened, passed)
    SELECT c.ancestor_id, x.day, x.article_id, CAST(SUM(x.pv) AS BIGINT), CAST(SUM(x.rereads) AS BIGINT),
    CAST(SUM(x.finished) AS BIGINT), CAST(SUM(x.created) AS BIGINT), CAST(SUM(x.opened) AS BIGINT),
    CAST(SUM(x.was_read) AS BIGINT), CAST(SUM(x.was_passed) AS BIGINT), CAST(SUM(x.was_reopened) AS BIGINT),
    CAST(SUM(x.passed) AS BIGINT) FROM (
        SELECT s.unit_id AS home, v.viewed_on AS day, v.article_id AS article_id, COUNT(*) AS pv,
        SUM(CASE WHEN v.reread THEN 1 ELSE 0 END) AS rereads, SUM(CASE WHEN v.finished THEN 1 ELSE 0 END) AS finished,
        0 AS created, 0 AS opened, 0 AS was_read, 0 AS was_passed, 0 AS was_reopened, 0 AS passed
        FROM article_view v JOIN staff s ON s.id = v.root_staff_id WHERE v.kind = 'pv'
        GROUP BY s.unit_id, v.viewed_on, v.article_id
        UNION ALL
        SELECT s.unit_id, l.created_on, l.article_id, 0, 0, 0, SUM(CASE WHEN l.parent IS NULL THEN 1 ELSE 0 END),
        SUM(CASE WHEN l.parent IS NULL AND l.opened_at IS NOT NULL THEN 1 ELSE 0 END),
        SUM(CASE WHEN l.parent IS NULL AND l.was_read THEN 1 ELSE 0 END),
        SUM(CASE WHEN l.parent IS NULL AND l.was_passed THEN 1 ELSE 0 END),
        SUM(CASE WHEN l.parent IS NULL AND l.was_reopened THEN 1 ELSE 0 END),
        SUM(CASE WHEN l.parent IS NOT NULL AND l.opened_at IS NOT NULL THEN 1 ELSE 0 END)
        FROM share_link l JOIN staff s ON s.id = l.root_staff_id WHERE l.parent IS NULL OR l.opened_at IS NOT NULL
        GROUP BY s.unit_id, l.created_on, l.article_id
    ) x JOIN org_closure c ON c.descendant_id = x.home GROUP BY c.ancestor_id, x.day, x.article_id;
