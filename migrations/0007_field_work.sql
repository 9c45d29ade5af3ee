-- Field work: plans and records of visits and what managers say of them, to-dos, messages of the business, adverse
-- events, complaints and suggestions, the order of the first page's cards.

-- A photo taken at a check-in: the SHA-256 under which it lies sealed, and its media type. It bears no EXIF.
ALTER TABLE checkin ADD COLUMN photo_id TEXT;
ALTER TABLE checkin ADD COLUMN photo_type TEXT;

-- A planned visit (拜访计划). Days and times are those of the configured zone.
CREATE TABLE visit_plan (
    id TEXT PRIMARY KEY,
    staff_id TEXT NOT NULL REFERENCES staff (id),
    terminal_id TEXT REFERENCES terminal (id),
    hcp_id TEXT REFERENCES hcp (id),
    day TEXT NOT NULL,
    -- 'HH:MM', or '' for any time of the day.
    starts TEXT NOT NULL,
    channel TEXT NOT NULL,
    note TEXT NOT NULL,
    -- What repeats shares it.
    series_id TEXT,
    -- The record that carried it out.
    visit_id TEXT,
    cancelled_at BIGINT,
    created_at BIGINT NOT NULL
);
CREATE INDEX visit_plan_day ON visit_plan (staff_id, day, starts);
CREATE INDEX visit_plan_hcp ON visit_plan (hcp_id, day);
CREATE INDEX visit_plan_series ON visit_plan (series_id, day);
CREATE INDEX visit_plan_visit ON visit_plan (visit_id);

-- A record of a visit (学术拜访), with a client-made id, so that one that waited on the phone is stored once.
CREATE TABLE visit (
    id TEXT PRIMARY KEY,
    staff_id TEXT NOT NULL REFERENCES staff (id),
    terminal_id TEXT REFERENCES terminal (id),
    -- face, department, group, phone or online.
    channel TEXT NOT NULL,
    -- JSON list of codes.
    topics TEXT NOT NULL,
    -- interested, neutral, doubtful, declined or ''.
    feedback TEXT NOT NULL,
    note TEXT NOT NULL,
    -- A voice note: the SHA-256 under which it lies sealed, and its media type.
    voice_id TEXT,
    voice_type TEXT,
    -- The manager who came along (协访).
    accompanied_by TEXT REFERENCES staff (id),
    -- The check-in at the same place on that day.
    checkin_id TEXT REFERENCES checkin (id),
    -- JSON list of what the free text suggests: adverse_event, off_label, gift, personal_data.
    flags TEXT NOT NULL,
    -- What was added after a manager had asked for it.
    supplement TEXT NOT NULL DEFAULT '',
    supplemented_at BIGINT,
    -- The day of the next visit that was set with it.
    next_day TEXT,
    -- new, reviewed, change (asked for) or answered.
    review TEXT NOT NULL DEFAULT 'new',
    device_at BIGINT,
    received_at BIGINT NOT NULL,
    -- The moment that counts, and its day.
    at BIGINT NOT NULL,
    day TEXT NOT NULL
);
CREATE INDEX visit_staff ON visit (staff_id, day, at);
CREATE INDEX visit_day ON visit (day, at, id);
CREATE INDEX visit_review_state ON visit (review, staff_id, day);
CREATE INDEX visit_terminal ON visit (terminal_id, day);
CREATE INDEX visit_checkin ON visit (checkin_id);

CREATE TABLE visit_hcp (
    visit_id TEXT NOT NULL REFERENCES visit (id),
    hcp_id TEXT NOT NULL REFERENCES hcp (id),
    PRIMARY KEY (visit_id, hcp_id)
);
CREATE INDEX visit_hcp_hcp ON visit_hcp (hcp_id, visit_id);

-- Material shown during a visit, and for how long where it was opened from the record.
CREATE TABLE visit_material (
    visit_id TEXT NOT NULL REFERENCES visit (id),
    article_id TEXT NOT NULL REFERENCES article (id),
    seconds BIGINT,
    PRIMARY KEY (visit_id, article_id)
);

-- What a manager says of a record (点评).
CREATE TABLE visit_review (
    visit_id TEXT NOT NULL REFERENCES visit (id),
    staff_id TEXT NOT NULL REFERENCES staff (id),
    stars BIGINT NOT NULL CHECK (stars BETWEEN 1 AND 5),
    comment TEXT NOT NULL,
    change_asked BOOLEAN NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (visit_id, staff_id)
);

-- A to-do or an appointment of one's own (待办, 日程).
CREATE TABLE task (
    id TEXT PRIMARY KEY,
    staff_id TEXT NOT NULL REFERENCES staff (id),
    title TEXT NOT NULL,
    note TEXT NOT NULL,
    day TEXT,
    -- 'HH:MM' or ''.
    starts TEXT NOT NULL,
    hcp_id TEXT REFERENCES hcp (id),
    visit_id TEXT REFERENCES visit (id),
    memo_id TEXT,
    done_at BIGINT,
    created_at BIGINT NOT NULL
);
CREATE INDEX task_staff ON task (staff_id, done_at, day);
CREATE INDEX task_day ON task (staff_id, day);
CREATE INDEX task_hcp ON task (hcp_id);
CREATE INDEX task_memo ON task (memo_id, staff_id);
CREATE INDEX task_visit ON task (visit_id);

-- A message of the business (业务沟通) to people or a unit.
CREATE TABLE memo (
    id TEXT PRIMARY KEY,
    staff_id TEXT NOT NULL REFERENCES staff (id),
    title TEXT NOT NULL,
    body TEXT NOT NULL,
    -- Where it is a task: by when.
    due_day TEXT,
    created_at BIGINT NOT NULL
);
CREATE INDEX memo_staff ON memo (staff_id, created_at);

CREATE TABLE memo_recipient (
    memo_id TEXT NOT NULL REFERENCES memo (id),
    staff_id TEXT NOT NULL REFERENCES staff (id),
    read_at BIGINT,
    PRIMARY KEY (memo_id, staff_id)
);
CREATE INDEX memo_recipient_staff ON memo_recipient (staff_id, read_at);

CREATE TABLE memo_reply (
    id TEXT PRIMARY KEY,
    memo_id TEXT NOT NULL REFERENCES memo (id),
    staff_id TEXT NOT NULL REFERENCES staff (id),
    body TEXT NOT NULL,
    at BIGINT NOT NULL
);
CREATE INDEX memo_reply_memo ON memo_reply (memo_id, at);

-- An adverse event (不良事件) in the short form: four elements, Day 0 and the clocks (domain, Compliance). The texts are
-- sealed: they tell of a patient.
CREATE TABLE adverse_event (
    id TEXT PRIMARY KEY,
    -- The employee who reports.
    staff_id TEXT NOT NULL REFERENCES staff (id),
    hcp_id TEXT REFERENCES hcp (id),
    -- The record it came up with, which may still wait on the phone.
    visit_id TEXT,
    patient TEXT NOT NULL,
    reporter TEXT NOT NULL,
    product TEXT NOT NULL,
    event TEXT NOT NULL,
    -- death, serious, new or other.
    severity TEXT NOT NULL CHECK (severity IN ('death', 'serious', 'new', 'other')),
    -- The day when the first employee knew.
    day_zero TEXT NOT NULL,
    -- By when the authority must have it.
    due_day TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    -- The company's own first step, due within 24 h of created_at.
    first_step_at BIGINT,
    -- Handed to the authority.
    submitted_at BIGINT,
    closed_at BIGINT
);
CREATE INDEX adverse_event_open ON adverse_event (closed_at, due_day);
CREATE INDEX adverse_event_staff ON adverse_event (staff_id, created_at);
CREATE INDEX adverse_event_hcp ON adverse_event (hcp_id);
CREATE INDEX adverse_event_visit ON adverse_event (visit_id);

CREATE TABLE adverse_event_step (
    id TEXT PRIMARY KEY,
    adverse_event_id TEXT NOT NULL REFERENCES adverse_event (id),
    staff_id TEXT NOT NULL REFERENCES staff (id),
    -- first_step, submitted, closed, dismissed (nothing is to be reported) or note.
    kind TEXT NOT NULL,
    note TEXT NOT NULL,
    at BIGINT NOT NULL
);
CREATE INDEX adverse_event_step_of ON adverse_event_step (adverse_event_id, at);

-- Complaints and suggestions (投诉建议) to the administrators, and their answers.
CREATE TABLE complaint (
    id TEXT PRIMARY KEY,
    staff_id TEXT NOT NULL REFERENCES staff (id),
    -- complaint, suggestion or fault.
    kind TEXT NOT NULL,
    body TEXT NOT NULL,
    at BIGINT NOT NULL,
    answer TEXT NOT NULL DEFAULT '',
    answered_by TEXT REFERENCES staff (id),
    answered_at BIGINT
);
CREATE INDEX complaint_staff ON complaint (staff_id, at);
CREATE INDEX complaint_open ON complaint (answered_at, at);

-- The cards of somebody's first page: JSON list of codes in order, those that are hidden with a '-' before them.
CREATE TABLE desk_layout (
    staff_id TEXT PRIMARY KEY REFERENCES staff (id),
    cards TEXT NOT NULL
);
