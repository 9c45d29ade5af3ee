-- The question bank: a question's newest version stands in its own row too, so that lists read one table.

CREATE TABLE question (
    id TEXT PRIMARY KEY,
    -- The company's own number; a question without one has none.
    code TEXT,
    kind TEXT NOT NULL,
    stem TEXT NOT NULL,
    -- SHA-256 over what remains of the stem and its options without width, case, blanks and punctuation.
    content_key TEXT NOT NULL,
    -- The same over the stem alone, by which twins are found.
    stem_key TEXT NOT NULL,
    category TEXT NOT NULL,
    difficulty BIGINT NOT NULL,
    pictures BIGINT NOT NULL,
    version BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    archived_at BIGINT
);
CREATE UNIQUE INDEX question_code ON question (code);
CREATE INDEX question_content ON question (content_key);
CREATE INDEX question_stem ON question (stem_key);
CREATE INDEX question_updated ON question (updated_at, id);
CREATE INDEX question_category ON question (category, updated_at, id);
CREATE INDEX question_kind ON question (kind, updated_at, id);
CREATE INDEX question_difficulty ON question (difficulty, updated_at, id);
CREATE INDEX question_archived ON question (updated_at, id) WHERE archived_at IS NOT NULL;
CREATE INDEX question_pictures ON question (updated_at, id) WHERE pictures > 0;
-- For drawing a paper.
CREATE INDEX question_pool ON question (category, kind, difficulty, id);

CREATE TABLE question_version (
    question_id TEXT NOT NULL REFERENCES question (id),
    version BIGINT NOT NULL,
    -- The whole question as JSON.
    draft TEXT NOT NULL,
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (question_id, version)
);

CREATE TABLE question_tag (
    tag TEXT NOT NULL,
    question_id TEXT NOT NULL REFERENCES question (id),
    PRIMARY KEY (tag, question_id)
);
CREATE INDEX question_tag_question ON question_tag (question_id);
