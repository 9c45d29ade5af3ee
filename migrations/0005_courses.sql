-- Courses: what is taught and to whom; and learning: what each learner has seen, answered and completed.

-- A film, a recording or slides, stored in files/ under the SHA-256 of its bytes.
CREATE TABLE media (
    id TEXT PRIMARY KEY,
    -- video, audio or slides.
    kind TEXT NOT NULL,
    media_type TEXT NOT NULL,
    name TEXT NOT NULL,
    bytes BIGINT NOT NULL,
    -- Milliseconds of film or recording; 0 of slides.
    duration_ms BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

-- A page of slides as a picture, with its text for search and screen readers.
CREATE TABLE media_page (
    media_id TEXT NOT NULL REFERENCES media (id),
    -- From 1.
    page BIGINT NOT NULL,
    file_id TEXT NOT NULL REFERENCES file (id),
    text TEXT NOT NULL,
    PRIMARY KEY (media_id, page)
);

CREATE TABLE course (
    id TEXT PRIMARY KEY,
    title TEXT NOT NULL,
    summary TEXT NOT NULL,
    -- general, medical, product or compliance.
    category TEXT NOT NULL,
    lecturer_id TEXT REFERENCES staff (id),
    cover TEXT REFERENCES file (id),
    required BOOLEAN NOT NULL,
    -- No skipping ahead on first view.
    no_skip BOOLEAN NOT NULL,
    -- none, assigned (days from assignment), joined (days from joining) or fixed (a day).
    due_kind TEXT NOT NULL,
    due_days BIGINT NOT NULL,
    due_on TEXT NOT NULL,
    -- JSON: chapters with their lessons, as they are being worked on.
    contents TEXT NOT NULL,
    -- Moment of the last change of what is taught; a review stands for one such moment.
    contents_at BIGINT NOT NULL,
    -- Medical-legal review of what HCPs learn: '' (none), in_review or approved.
    review TEXT NOT NULL,
    reviewed_contents_at BIGINT,
    approval_no TEXT NOT NULL,
    expires_on TEXT NOT NULL,
    -- Version in force, from 1; 0 before the first. A new version asks for learning again.
    version BIGINT NOT NULL,
    -- Edition in force: each publishing makes one; corrections make one without a new version.
    edition BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    published_at BIGINT,
    -- When the version in force began.
    version_at BIGINT,
    archived_at BIGINT
);
CREATE INDEX course_updated ON course (updated_at, id);
CREATE INDEX course_published ON course (published_at, id);

CREATE TABLE course_edition (
    course_id TEXT NOT NULL REFERENCES course (id),
    edition BIGINT NOT NULL,
    version BIGINT NOT NULL,
    contents TEXT NOT NULL,
    note TEXT NOT NULL,
    -- The medical-legal approval of these contents, without which no HCP sees them; empty where there is none.
    approval_no TEXT NOT NULL DEFAULT '',
    expires_on TEXT NOT NULL DEFAULT '',
    published_by TEXT NOT NULL,
    published_at BIGINT NOT NULL,
    PRIMARY KEY (course_id, edition)
);

-- Whom it is set to: all, role, unit, person of the staff; hcps (all onboarded ones) or specialty of HCPs.
CREATE TABLE course_audience (
    course_id TEXT NOT NULL REFERENCES course (id),
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (course_id, kind, value)
);

-- Exams that the edition in force asks for.
CREATE TABLE course_exam (
    course_id TEXT NOT NULL REFERENCES course (id),
    exam_id TEXT NOT NULL REFERENCES exam (id),
    lesson_id TEXT NOT NULL,
    PRIMARY KEY (course_id, exam_id)
);
CREATE INDEX course_exam_exam ON course_exam (exam_id);

-- Comments and questions, with the answers of the lecturer.
CREATE TABLE course_comment (
    id TEXT PRIMARY KEY,
    course_id TEXT NOT NULL REFERENCES course (id),
    lesson_id TEXT NOT NULL,
    -- staff:ID or hcp:ID.
    author TEXT NOT NULL,
    text TEXT NOT NULL,
    -- The comment that this one answers.
    answers TEXT REFERENCES course_comment (id),
    at BIGINT NOT NULL,
    -- When the lecturer or a trainer answered or set it aside.
    settled_at BIGINT,
    removed_at BIGINT
);
CREATE INDEX course_comment_lesson ON course_comment (course_id, lesson_id, at);
CREATE INDEX course_comment_open ON course_comment (course_id, at) WHERE settled_at IS NULL AND removed_at IS NULL;

-- Since when a required course is set to somebody: due days count from it. Kept by the worker; whom a course is set to
-- is asked of the audience itself.
CREATE TABLE course_assignment (
    course_id TEXT NOT NULL REFERENCES course (id),
    staff_id TEXT NOT NULL REFERENCES staff (id),
    since BIGINT NOT NULL,
    PRIMARY KEY (course_id, staff_id)
);
CREATE INDEX course_assignment_staff ON course_assignment (staff_id);

CREATE TABLE lesson_progress (
    -- staff:ID or hcp:ID.
    learner TEXT NOT NULL,
    lesson_id TEXT NOT NULL,
    version BIGINT NOT NULL,
    course_id TEXT NOT NULL REFERENCES course (id),
    -- JSON list of [from, to) in milliseconds, ascending, apart: what was really played.
    spans TEXT NOT NULL,
    watched_ms BIGINT NOT NULL,
    -- Where it was left.
    position_ms BIGINT NOT NULL,
    started_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    completed_at BIGINT,
    PRIMARY KEY (learner, lesson_id, version)
);
CREATE INDEX lesson_progress_course ON lesson_progress (course_id, learner);

-- A playing of a lesson, which bounds what can be credited by the server's clock.
CREATE TABLE watch_session (
    id TEXT PRIMARY KEY,
    learner TEXT NOT NULL,
    lesson_id TEXT NOT NULL,
    version BIGINT NOT NULL,
    began_at BIGINT NOT NULL,
    credited_ms BIGINT NOT NULL
);
CREATE INDEX watch_session_began ON watch_session (began_at);

-- The wall time of a learner, which all their playings share.
CREATE TABLE watch_account (
    learner TEXT PRIMARY KEY,
    settled_at BIGINT NOT NULL,
    budget_ms BIGINT NOT NULL
);

-- Answers to questions within lessons, each kept as it is given.
CREATE TABLE lesson_answer (
    learner TEXT NOT NULL,
    lesson_id TEXT NOT NULL,
    version BIGINT NOT NULL,
    stop_id TEXT NOT NULL,
    given TEXT NOT NULL,
    -- None where a person would mark.
    correct BOOLEAN,
    at BIGINT NOT NULL,
    PRIMARY KEY (learner, lesson_id, version, stop_id)
);

-- Who completed which version: all its lessons, and the exams among them passed.
CREATE TABLE course_completion (
    course_id TEXT NOT NULL REFERENCES course (id),
    version BIGINT NOT NULL,
    learner TEXT NOT NULL,
    completed_at BIGINT NOT NULL,
    PRIMARY KEY (course_id, version, learner)
);
CREATE INDEX course_completion_learner ON course_completion (learner, completed_at);

-- 随时学: what somebody got wrong, and when to ask again (FSRS).
CREATE TABLE review_card (
    learner TEXT NOT NULL,
    question_id TEXT NOT NULL REFERENCES question (id),
    version BIGINT NOT NULL,
    stability DOUBLE PRECISION,
    difficulty DOUBLE PRECISION,
    -- Days YYYY-MM-DD; none before the first time.
    last_on TEXT,
    due_on TEXT NOT NULL,
    times BIGINT NOT NULL,
    lapses BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (learner, question_id)
);
CREATE INDEX review_card_due ON review_card (learner, due_on);

-- Messages to staff: the outbox, and with read_at their inbox.
CREATE TABLE message (
    id TEXT PRIMARY KEY,
    staff_id TEXT NOT NULL REFERENCES staff (id),
    -- What it is about; a locale key.
    kind TEXT NOT NULL,
    -- JSON object for the places of the text.
    args TEXT NOT NULL,
    -- Path that it leads to.
    path TEXT NOT NULL,
    -- The course that it is about, or ''.
    about TEXT NOT NULL,
    -- The same message is made once.
    dedupe TEXT NOT NULL,
    -- The channel that delivers it: inbox.
    channel TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    delivered_at BIGINT,
    read_at BIGINT
);
CREATE UNIQUE INDEX message_dedupe ON message (dedupe, channel);
CREATE INDEX message_about ON message (about, staff_id, created_at);
CREATE INDEX message_inbox ON message (staff_id, created_at);
CREATE INDEX message_unread ON message (staff_id) WHERE read_at IS NULL;

-- Articles that carry a lesson's film, recording or slides, so that it is shared with the same links and tree.
CREATE TABLE article_media (
    article_id TEXT PRIMARY KEY REFERENCES article (id),
    media_id TEXT NOT NULL REFERENCES media (id),
    -- WebVTT, or none.
    captions TEXT REFERENCES file (id),
    course_id TEXT NOT NULL REFERENCES course (id),
    lesson_id TEXT NOT NULL
);
CREATE INDEX article_media_lesson ON article_media (lesson_id);
