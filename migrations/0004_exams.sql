-- Exams: what is asked, of whom, and the attempts. A paper is drawn at the start of an attempt and stored with it.

CREATE TABLE exam (
    id TEXT PRIMARY KEY,
    title TEXT NOT NULL,
    intro TEXT NOT NULL,
    -- Minutes from the start of an attempt; 0 for no limit.
    minutes BIGINT NOT NULL,
    opens_at BIGINT,
    closes_at BIGINT,
    -- Most attempts of one person; 0 for any number.
    attempts BIGINT NOT NULL,
    -- Per cent of the points that pass.
    pass_percent BIGINT NOT NULL,
    shuffle_questions BOOLEAN NOT NULL,
    shuffle_options BOOLEAN NOT NULL,
    -- What a person sees of their paper afterwards: never, closed (all, once the exam has closed), wrong (their wrong
    -- ones at once), all (all at once).
    review TEXT NOT NULL,
    -- The exam that this one gives another chance at.
    makeup_of TEXT REFERENCES exam (id),
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    published_at BIGINT,
    published_by TEXT,
    ended_at BIGINT,
    ended_by TEXT
);
CREATE INDEX exam_updated ON exam (updated_at, id);

-- A part asks one question, or draws `draws` questions out of those that its filter leaves.
CREATE TABLE exam_part (
    id TEXT PRIMARY KEY,
    exam_id TEXT NOT NULL REFERENCES exam (id),
    position BIGINT NOT NULL,
    question_id TEXT REFERENCES question (id),
    category TEXT NOT NULL,
    kind TEXT NOT NULL,
    tag TEXT NOT NULL,
    difficulty BIGINT NOT NULL,
    draws BIGINT NOT NULL,
    -- Of each question.
    points BIGINT NOT NULL,
    -- JSON list of [question id, version], written when the exam is published: every paper is drawn from the same.
    candidates TEXT
);
CREATE INDEX exam_part_exam ON exam_part (exam_id, position);

-- Who is to take it: all, a role, a unit with all below it, or a person.
CREATE TABLE exam_audience (
    exam_id TEXT NOT NULL REFERENCES exam (id),
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (exam_id, kind, value)
);

CREATE TABLE exam_attempt (
    id TEXT PRIMARY KEY,
    exam_id TEXT NOT NULL REFERENCES exam (id),
    -- Whose it is: staff:ID.
    learner TEXT NOT NULL,
    number BIGINT NOT NULL,
    -- JSON list of the questions in their order: id, version, points, order of the options.
    paper TEXT NOT NULL,
    started_at BIGINT NOT NULL,
    due_at BIGINT,
    submitted_at BIGINT,
    -- Whether the clock ended it.
    timed_out BOOLEAN NOT NULL,
    -- Answers that a person has still to mark.
    unmarked BIGINT NOT NULL,
    score DOUBLE PRECISION,
    points DOUBLE PRECISION NOT NULL,
    passed BOOLEAN,
    UNIQUE (exam_id, learner, number)
);
-- One at a time.
CREATE UNIQUE INDEX exam_attempt_open ON exam_attempt (exam_id, learner) WHERE submitted_at IS NULL;
CREATE INDEX exam_attempt_learner ON exam_attempt (learner, started_at);
CREATE INDEX exam_attempt_due ON exam_attempt (due_at) WHERE submitted_at IS NULL;
CREATE INDEX exam_attempt_unmarked ON exam_attempt (submitted_at, id) WHERE unmarked > 0;

CREATE TABLE exam_answer (
    attempt_id TEXT NOT NULL REFERENCES exam_attempt (id),
    -- Place in the paper, from 0.
    position BIGINT NOT NULL,
    given TEXT NOT NULL,
    saved_at BIGINT NOT NULL,
    -- Share of the points, 0 to 1; none until a person has marked it.
    share DOUBLE PRECISION,
    marked_by TEXT,
    marked_at BIGINT,
    comment TEXT NOT NULL,
    PRIMARY KEY (attempt_id, position)
);

-- Leaving the screen and coming back, as evidence; nothing follows from it by itself.
CREATE TABLE exam_event (
    id TEXT PRIMARY KEY,
    attempt_id TEXT NOT NULL REFERENCES exam_attempt (id),
    at BIGINT NOT NULL,
    kind TEXT NOT NULL
);
CREATE INDEX exam_event_attempt ON exam_event (attempt_id, at);

-- domain: accuracy counts one first answer per person and question version, hand-marked questions excluded.
CREATE TABLE first_answer (
    learner TEXT NOT NULL,
    question_id TEXT NOT NULL REFERENCES question (id),
    version BIGINT NOT NULL,
    correct BOOLEAN NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (learner, question_id, version)
);
CREATE INDEX first_answer_question ON first_answer (question_id, version, correct);
