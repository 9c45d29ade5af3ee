-- Dashboards: sums that are kept, and what they are kept from. `mailuo rollup rebuild` writes all of them anew.

-- Of a root, what came of it below: somebody read to the end, somebody passed it on, and what was passed on was opened.
ALTER TABLE share_link ADD COLUMN was_read BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE share_link ADD COLUMN was_passed BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE share_link ADD COLUMN was_reopened BOOLEAN NOT NULL DEFAULT FALSE;
UPDATE share_link SET
    was_read = EXISTS (SELECT 1 FROM share_link d JOIN article_view v ON v.link = d.token
        WHERE d.root = share_link.token AND v.kind = 'pv' AND v.finished),
    was_passed = EXISTS (SELECT 1 FROM share_link d WHERE d.root = share_link.token AND d.parent IS NOT NULL
        AND (d.pressed_at IS NOT NULL OR d.opened_at IS NOT NULL)),
    was_reopened = EXISTS (SELECT 1 FROM share_link d WHERE d.root = share_link.token AND d.parent IS NOT NULL
        AND d.opened_at IS NOT NULL)
    WHERE parent IS NULL;

-- What came of reps' sharing on a day: counted views by their day; links by the day on which they were made.
CREATE TABLE share_day (
    staff_id TEXT NOT NULL,
    day TEXT NOT NULL,
    pv BIGINT NOT NULL,
    rereads BIGINT NOT NULL,
    finished BIGINT NOT NULL,
    -- Roots: made, opened by another visitor, and with what came of them.
    created BIGINT NOT NULL,
    opened BIGINT NOT NULL,
    was_read BIGINT NOT NULL,
    was_passed BIGINT NOT NULL,
    was_reopened BIGINT NOT NULL,
    -- Deeper links that another visitor opened.
    passed BIGINT NOT NULL,
    PRIMARY KEY (staff_id, day)
);
CREATE INDEX share_day_day ON share_day (day, staff_id, pv, created, opened);
INSERT INTO share_day (staff_id, day, pv, rereads, finished, created, opened, was_read, was_passed, was_reopened, passed)
    SELECT x.staff_id, x.day, CAST(SUM(x.pv) AS BIGINT), CAST(SUM(x.rereads) AS BIGINT), CAST(SUM(x.finished) AS BIGINT),
    CAST(SUM(x.created) AS BIGINT), CAST(SUM(x.opened) AS BIGINT), CAST(SUM(x.was_read) AS BIGINT),
    CAST(SUM(x.was_passed) AS BIGINT), CAST(SUM(x.was_reopened) AS BIGINT), CAST(SUM(x.passed) AS BIGINT) FROM (
        SELECT v.root_staff_id AS staff_id, v.viewed_on AS day, 1 AS pv, CASE WHEN v.reread THEN 1 ELSE 0 END AS rereads,
        CASE WHEN v.finished THEN 1 ELSE 0 END AS finished, 0 AS created, 0 AS opened, 0 AS was_read, 0 AS was_passed,
        0 AS was_reopened, 0 AS passed
        FROM article_view v WHERE v.kind = 'pv' AND v.root_staff_id IS NOT NULL
        UNION ALL
        SELECT l.root_staff_id, l.created_on, 0, 0, 0, CASE WHEN l.parent IS NULL THEN 1 ELSE 0 END,
        CASE WHEN l.parent IS NULL AND l.opened_at IS NOT NULL THEN 1 ELSE 0 END,
        CASE WHEN l.parent IS NULL AND l.was_read THEN 1 ELSE 0 END,
        CASE WHEN l.parent IS NULL AND l.was_passed THEN 1 ELSE 0 END,
        CASE WHEN l.parent IS NULL AND l.was_reopened THEN 1 ELSE 0 END,
        CASE WHEN l.parent IS NOT NULL AND l.opened_at IS NOT NULL THEN 1 ELSE 0 END
        FROM share_link l WHERE l.root_staff_id IS NOT NULL AND (l.parent IS NULL OR l.opened_at IS NOT NULL)
    ) x GROUP BY x.staff_id, x.day;

-- The same by article, over the company.
CREATE TABLE article_day (
    article_id TEXT NOT NULL,
    day TEXT NOT NULL,
    pv BIGINT NOT NULL,
    rereads BIGINT NOT NULL,
    finished BIGINT NOT NULL,
    created BIGINT NOT NULL,
    opened BIGINT NOT NULL,
    was_read BIGINT NOT NULL,
    was_passed BIGINT NOT NULL,
    was_reopened BIGINT NOT NULL,
    passed BIGINT NOT NULL,
    PRIMARY KEY (article_id, day)
);
CREATE INDEX article_day_day ON article_day (day);
INSERT INTO article_day (article_id, day, pv, rereads, finished, created, opened, was_read, was_passed, was_reopened, passed)
    SELECT x.article_id, x.day, CAST(SUM(x.pv) AS BIGINT), CAST(SUM(x.rereads) AS BIGINT), CAST(SUM(x.finished) AS BIGINT),
    CAST(SUM(x.created) AS BIGINT), CAST(SUM(x.opened) AS BIGINT), CAST(SUM(x.was_read) AS BIGINT),
    CAST(SUM(x.was_passed) AS BIGINT), CAST(SUM(x.was_reopened) AS BIGINT), CAST(SUM(x.passed) AS BIGINT) FROM (
        SELECT v.article_id AS article_id, v.viewed_on AS day, 1 AS pv, CASE WHEN v.reread THEN 1 ELSE 0 END AS rereads,
        CASE WHEN v.finished THEN 1 ELSE 0 END AS finished, 0 AS created, 0 AS opened, 0 AS was_read, 0 AS was_passed,
        0 AS was_reopened, 0 AS passed
        FROM article_view v WHERE v.kind = 'pv' AND v.root_staff_id IS NOT NULL
        UNION ALL
        SELECT l.article_id, l.created_on, 0, 0, 0, CASE WHEN l.parent IS NULL THEN 1 ELSE 0 END,
        CASE WHEN l.parent IS NULL AND l.opened_at IS NOT NULL THEN 1 ELSE 0 END,
        CASE WHEN l.parent IS NULL AND l.was_read THEN 1 ELSE 0 END,
        CASE WHEN l.parent IS NULL AND l.was_passed THEN 1 ELSE 0 END,
        CASE WHEN l.parent IS NULL AND l.was_reopened THEN 1 ELSE 0 END,
        CASE WHEN l.parent IS NOT NULL AND l.opened_at IS NOT NULL THEN 1 ELSE 0 END
        FROM share_link l WHERE l.root_staff_id IS NOT NULL AND (l.parent IS NULL OR l.opened_at IS NOT NULL)
    ) x GROUP BY x.article_id, x.day;

-- The same by unit with all below it, by today's tree.
CREATE TABLE unit_day (
    unit_id TEXT NOT NULL,
    day TEXT NOT NULL,
    pv BIGINT NOT NULL,
    rereads BIGINT NOT NULL,
    finished BIGINT NOT NULL,
    created BIGINT NOT NULL,
    opened BIGINT NOT NULL,
    was_read BIGINT NOT NULL,
    was_passed BIGINT NOT NULL,
    was_reopened BIGINT NOT NULL,
    passed BIGINT NOT NULL,
    PRIMARY KEY (unit_id, day)
);
INSERT INTO unit_day (unit_id, day, pv, rereads, finished, created, opened, was_read, was_passed, was_reopened, passed)
    SELECT c.ancestor_id, z.day, CAST(SUM(z.pv) AS BIGINT), CAST(SUM(z.rereads) AS BIGINT), CAST(SUM(z.finished) AS BIGINT),
    CAST(SUM(z.created) AS BIGINT), CAST(SUM(z.opened) AS BIGINT), CAST(SUM(z.was_read) AS BIGINT),
    CAST(SUM(z.was_passed) AS BIGINT), CAST(SUM(z.was_reopened) AS BIGINT), CAST(SUM(z.passed) AS BIGINT)
    FROM share_day z JOIN staff s ON s.id = z.staff_id JOIN org_closure c ON c.descendant_id = s.unit_id
    GROUP BY c.ancestor_id, z.day;

-- Readers of a unit's links by the day on which they read and the day before it on which they had ('' for none): the
-- visitors of any range are those of its days whose day before lies before the range.
CREATE TABLE reach (
    unit_id TEXT NOT NULL,
    day TEXT NOT NULL,
    prev_on TEXT NOT NULL,
    -- hcp or vis.
    kind TEXT NOT NULL,
    n BIGINT NOT NULL,
    PRIMARY KEY (unit_id, day, prev_on, kind)
);
INSERT INTO reach (unit_id, day, prev_on, kind, n)
    SELECT e.unit_id, e.day, e.prev_on, e.kind, COUNT(*) FROM (
        SELECT d.unit_id, d.day, d.kind,
        COALESCE(LAG(d.day) OVER (PARTITION BY d.unit_id, d.reader ORDER BY d.day), '') AS prev_on FROM (
            SELECT DISTINCT c.ancestor_id AS unit_id, v.reader, v.viewed_on AS day, SUBSTR(v.reader, 1, 3) AS kind
            FROM article_view v JOIN staff s ON s.id = v.root_staff_id JOIN org_closure c ON c.descendant_id = s.unit_id
            WHERE v.kind = 'pv'
        ) d
    ) e GROUP BY e.unit_id, e.day, e.prev_on, e.kind;

CREATE INDEX reach_gone ON reach (unit_id) WHERE n = 0;

-- Units whose people changed: their sums are not read until they are written anew. The mark is another one each time.
CREATE TABLE rollup_stale (
    unit_id TEXT PRIMARY KEY,
    mark TEXT NOT NULL
);

-- Recounts of the sums: how many rows differed.
CREATE TABLE rollup_check (
    at BIGINT NOT NULL,
    name TEXT NOT NULL,
    differing BIGINT NOT NULL,
    PRIMARY KEY (at, name)
);

-- Days on which a member of staff used Mailuo.
CREATE TABLE active_day (
    day TEXT NOT NULL,
    staff_id TEXT NOT NULL REFERENCES staff (id),
    PRIMARY KEY (day, staff_id)
);

CREATE INDEX lesson_progress_completed ON lesson_progress (completed_at, learner);
CREATE INDEX course_completion_completed ON course_completion (completed_at, learner);
CREATE INDEX first_answer_at ON first_answer (at, learner, correct);
CREATE INDEX invitation_created ON invitation (created_at, staff_id);
CREATE INDEX public_code_step_at ON public_code_step (at, step);
CREATE INDEX consent_withdrawn ON consent (withdrawn_at) WHERE withdrawn_at IS NOT NULL;
CREATE INDEX hcp_onboarded ON hcp (onboarded_at) WHERE onboarded_at IS NOT NULL;
CREATE INDEX visit_plan_of_day ON visit_plan (day, staff_id);
CREATE INDEX flow_appeal_created ON flow_appeal (created_at);
CREATE INDEX adverse_event_created ON adverse_event (created_at);
CREATE INDEX hcp_specialty_or_department ON hcp ((COALESCE(NULLIF(specialty, ''), department)));
