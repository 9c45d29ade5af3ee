-- The HCP library: master data with history, ownership beyond one owner, duplicates, public codes, consent texts,
-- imports in the background.

-- master data ----------------------------------------------------------------------------------------------------

ALTER TABLE terminal ADD COLUMN phone TEXT NOT NULL DEFAULT '';
ALTER TABLE terminal ADD COLUMN note TEXT NOT NULL DEFAULT '';

CREATE TABLE terminal_alias (
    terminal_id TEXT NOT NULL REFERENCES terminal (id),
    alias TEXT NOT NULL,
    PRIMARY KEY (terminal_id, alias)
);
CREATE INDEX terminal_alias_alias ON terminal_alias (alias);

CREATE TABLE terminal_department (
    terminal_id TEXT NOT NULL REFERENCES terminal (id),
    name TEXT NOT NULL,
    PRIMARY KEY (terminal_id, name)
);

-- When and where a hospital receives reps. Weekday 1 is Monday; times are 'HH:MM' of the configured zone.
CREATE TABLE terminal_window (
    id TEXT PRIMARY KEY,
    terminal_id TEXT NOT NULL REFERENCES terminal (id),
    weekday BIGINT NOT NULL CHECK (weekday BETWEEN 1 AND 7),
    starts TEXT NOT NULL,
    ends TEXT NOT NULL,
    place TEXT NOT NULL,
    appointment BOOLEAN NOT NULL
);
CREATE INDEX terminal_window_terminal ON terminal_window (terminal_id, weekday, starts);

ALTER TABLE hcp ADD COLUMN kind TEXT NOT NULL DEFAULT 'doctor'
    CHECK (kind IN ('doctor', 'pharmacist', 'nurse', 'clerk', 'contact'));
ALTER TABLE hcp ADD COLUMN specialty TEXT NOT NULL DEFAULT '';
-- The company's own number of the HCP; with the phone it is what an import knows them by.
ALTER TABLE hcp ADD COLUMN code TEXT;
ALTER TABLE hcp ADD COLUMN email TEXT NOT NULL DEFAULT '';
ALTER TABLE hcp ADD COLUMN office_phone TEXT NOT NULL DEFAULT '';
ALTER TABLE hcp ADD COLUMN preferred_times TEXT NOT NULL DEFAULT '';
-- The last time that the company and the HCP had to do with each other: shared with, invited, onboarded, read.
ALTER TABLE hcp ADD COLUMN last_contact_at BIGINT;
CREATE UNIQUE INDEX hcp_code ON hcp (code);
CREATE INDEX share_link_recipient ON share_link (recipient_id, created_at);
CREATE INDEX hcp_owner_contact ON hcp (owner_id, last_contact_at);
-- With state and owner, so that scope and order are decided without the rows.
DROP INDEX hcp_department;
CREATE INDEX hcp_department ON hcp (department, state, owner_id, pinyin, id);
CREATE INDEX hcp_region ON hcp (province, state, owner_id, city, pinyin, id);
CREATE INDEX hcp_title ON hcp (title, pinyin, id);
-- An expression, so that both engines keep who was never met at the same end.
CREATE INDEX hcp_contact ON hcp (COALESCE(last_contact_at, 0), id);
CREATE INDEX hcp_created ON hcp (created_at, id);
CREATE INDEX hcp_name ON hcp (name, id);
CREATE INDEX hcp_near ON hcp (terminal_id, department, pinyin);

-- Workplaces beside the main one, which is hcp.terminal_id.
CREATE TABLE hcp_workplace (
    hcp_id TEXT NOT NULL REFERENCES hcp (id),
    terminal_id TEXT NOT NULL REFERENCES terminal (id),
    department TEXT NOT NULL,
    PRIMARY KEY (hcp_id, terminal_id)
);
CREATE INDEX hcp_workplace_terminal ON hcp_workplace (terminal_id);

CREATE TABLE hcp_tag (
    hcp_id TEXT NOT NULL REFERENCES hcp (id),
    tag TEXT NOT NULL,
    PRIMARY KEY (hcp_id, tag)
);
CREATE INDEX hcp_tag_tag ON hcp_tag (tag, hcp_id);

CREATE TABLE hcp_note (
    id TEXT PRIMARY KEY,
    hcp_id TEXT NOT NULL REFERENCES hcp (id),
    staff_id TEXT NOT NULL,
    text TEXT NOT NULL,
    at BIGINT NOT NULL,
    deleted_at BIGINT
);
CREATE INDEX hcp_note_hcp ON hcp_note (hcp_id, at);

-- Who changed what and when on an HCP or a terminal; values of phones stand here masked.
CREATE TABLE record_change (
    id TEXT PRIMARY KEY,
    object_kind TEXT NOT NULL CHECK (object_kind IN ('hcp', 'terminal')),
    object_id TEXT NOT NULL,
    field TEXT NOT NULL,
    before_value TEXT NOT NULL,
    after_value TEXT NOT NULL,
    by_id TEXT NOT NULL,
    by_name TEXT NOT NULL,
    -- form, import, merge, unmerge, registration, self
    source TEXT NOT NULL,
    at BIGINT NOT NULL
);
CREATE INDEX record_change_object ON record_change (object_id, at);

-- ownership ------------------------------------------------------------------------------------------------------

-- 共享: a colleague who sees the HCP until a moment; never changes ownership.
CREATE TABLE hcp_access (
    id TEXT PRIMARY KEY,
    hcp_id TEXT NOT NULL REFERENCES hcp (id),
    staff_id TEXT NOT NULL REFERENCES staff (id),
    until_at BIGINT NOT NULL,
    granted_by TEXT NOT NULL,
    at BIGINT NOT NULL,
    ended_at BIGINT,
    ended_by TEXT
);
CREATE INDEX hcp_access_staff ON hcp_access (staff_id, until_at, hcp_id);
CREATE UNIQUE INDEX hcp_access_open ON hcp_access (hcp_id, staff_id) WHERE ended_at IS NULL;

-- A colleague asks the owner to share.
CREATE TABLE hcp_access_request (
    id TEXT PRIMARY KEY,
    hcp_id TEXT NOT NULL REFERENCES hcp (id),
    staff_id TEXT NOT NULL REFERENCES staff (id),
    message TEXT NOT NULL,
    at BIGINT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('open', 'granted', 'declined')),
    decided_by TEXT,
    decided_at BIGINT
);
CREATE UNIQUE INDEX hcp_access_request_open ON hcp_access_request (hcp_id, staff_id) WHERE status = 'open';
CREATE INDEX hcp_access_request_status ON hcp_access_request (status, at);
CREATE INDEX hcp_access_request_staff ON hcp_access_request (staff_id, at);

-- 关注 and 分组 are each staff member's own.
CREATE TABLE hcp_follow (
    staff_id TEXT NOT NULL REFERENCES staff (id),
    hcp_id TEXT NOT NULL REFERENCES hcp (id),
    at BIGINT NOT NULL,
    PRIMARY KEY (staff_id, hcp_id)
);
CREATE INDEX hcp_follow_hcp ON hcp_follow (hcp_id);
CREATE TABLE hcp_group (
    id TEXT PRIMARY KEY,
    staff_id TEXT NOT NULL REFERENCES staff (id),
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX hcp_group_name ON hcp_group (staff_id, name);
CREATE TABLE hcp_group_member (
    group_id TEXT NOT NULL REFERENCES hcp_group (id),
    hcp_id TEXT NOT NULL REFERENCES hcp (id),
    at BIGINT NOT NULL,
    PRIMARY KEY (group_id, hcp_id)
);
CREATE INDEX hcp_group_member_hcp ON hcp_group_member (hcp_id);

-- What a staff member has picked in the list for a bulk act.
CREATE TABLE hcp_selection (
    staff_id TEXT NOT NULL REFERENCES staff (id),
    hcp_id TEXT NOT NULL REFERENCES hcp (id),
    at BIGINT NOT NULL,
    PRIMARY KEY (staff_id, hcp_id)
);
CREATE INDEX hcp_selection_hcp ON hcp_selection (hcp_id);

-- One act that moved many HCPs, with what it takes to undo it within a day.
CREATE TABLE hcp_transfer (
    id TEXT PRIMARY KEY,
    -- person: from one to another; rule: to the owners of their hospitals; selection: picked ones to one person
    kind TEXT NOT NULL CHECK (kind IN ('person', 'rule', 'selection')),
    from_id TEXT REFERENCES staff (id),
    to_id TEXT REFERENCES staff (id),
    reason TEXT NOT NULL,
    by_id TEXT NOT NULL,
    by_name TEXT NOT NULL,
    at BIGINT NOT NULL,
    moved BIGINT NOT NULL,
    undone_at BIGINT,
    undone_by TEXT,
    -- How many went back; the others had moved on since.
    returned BIGINT
);
CREATE INDEX hcp_transfer_at ON hcp_transfer (at);
CREATE TABLE hcp_transfer_item (
    transfer_id TEXT NOT NULL REFERENCES hcp_transfer (id),
    hcp_id TEXT NOT NULL REFERENCES hcp (id),
    from_id TEXT,
    to_id TEXT,
    PRIMARY KEY (transfer_id, hcp_id)
);
CREATE INDEX hcp_transfer_item_hcp ON hcp_transfer_item (hcp_id);
ALTER TABLE hcp_ownership ADD COLUMN transfer_id TEXT;
CREATE INDEX hcp_ownership_owner ON hcp_ownership (owner_id, starts_at);

-- duplicates -----------------------------------------------------------------------------------------------------

-- Two HCPs that may be one person; a_id < b_id.
CREATE TABLE hcp_duplicate (
    id TEXT PRIMARY KEY,
    a_id TEXT NOT NULL REFERENCES hcp (id),
    b_id TEXT NOT NULL REFERENCES hcp (id),
    -- 0 to 100
    score BIGINT NOT NULL,
    -- JSON: codes of the reasons
    reasons TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('open', 'apart', 'merged')),
    found_at BIGINT NOT NULL,
    decided_by TEXT,
    decided_at BIGINT
);
CREATE UNIQUE INDEX hcp_duplicate_pair ON hcp_duplicate (a_id, b_id);
CREATE INDEX hcp_duplicate_b ON hcp_duplicate (b_id);
CREATE INDEX hcp_duplicate_status ON hcp_duplicate (status, score, id);

-- A merge with what it takes to undo it for 30 days.
CREATE TABLE hcp_merge (
    id TEXT PRIMARY KEY,
    kept_id TEXT NOT NULL REFERENCES hcp (id),
    gone_id TEXT NOT NULL REFERENCES hcp (id),
    -- Both rows as they were, sealed JSON.
    before_cipher TEXT NOT NULL,
    by_id TEXT NOT NULL,
    by_name TEXT NOT NULL,
    at BIGINT NOT NULL,
    undone_at BIGINT,
    undone_by TEXT
);
CREATE INDEX hcp_merge_kept ON hcp_merge (kept_id, at);
CREATE INDEX hcp_merge_at ON hcp_merge (at);
CREATE UNIQUE INDEX hcp_merge_gone ON hcp_merge (gone_id) WHERE undone_at IS NULL;
-- Each row that moved from one to the other: table and key, so that undo moves just those back.
CREATE TABLE hcp_merge_item (
    merge_id TEXT NOT NULL REFERENCES hcp_merge (id),
    table_name TEXT NOT NULL,
    row_key TEXT NOT NULL,
    PRIMARY KEY (merge_id, table_name, row_key)
);

-- self-registration ----------------------------------------------------------------------------------------------

CREATE TABLE public_code (
    id TEXT PRIMARY KEY,
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('meeting', 'poster', 'hospital', 'rep')),
    terminal_id TEXT REFERENCES terminal (id),
    -- Who made it and answers for it; scope goes by this person.
    staff_id TEXT NOT NULL REFERENCES staff (id),
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    closed_at BIGINT
);
CREATE UNIQUE INDEX public_code_code ON public_code (code);
CREATE INDEX public_code_staff ON public_code (staff_id, created_at);

-- The funnel: each visitor counts once for each step of a code.
CREATE TABLE public_code_step (
    code_id TEXT NOT NULL REFERENCES public_code (id),
    step TEXT NOT NULL CHECK (step IN ('scanned', 'verified', 'completed', 'confirmed')),
    visitor TEXT NOT NULL,
    at BIGINT NOT NULL,
    hcp_id TEXT REFERENCES hcp (id),
    PRIMARY KEY (code_id, step, visitor)
);
CREATE INDEX public_code_step_hcp ON public_code_step (hcp_id);
ALTER TABLE hcp ADD COLUMN public_code_id TEXT REFERENCES public_code (id);
CREATE INDEX hcp_public_code ON hcp (public_code_id);

-- consent --------------------------------------------------------------------------------------------------------

-- The texts by purpose and version; a purpose's latest is in force. `%{company}` stands for the company's name.
CREATE TABLE consent_text (
    purpose TEXT NOT NULL CHECK (purpose IN ('profile', 'push', 'tracking')),
    version TEXT NOT NULL,
    text_zh TEXT NOT NULL,
    text_en TEXT NOT NULL,
    created_by TEXT NOT NULL,
    in_force_at BIGINT NOT NULL,
    PRIMARY KEY (purpose, version)
);
ALTER TABLE consent ADD COLUMN withdrawn_by TEXT;
ALTER TABLE consent ADD COLUMN withdrawn_note TEXT;
ALTER TABLE consent ADD COLUMN address TEXT NOT NULL DEFAULT '';

-- imports --------------------------------------------------------------------------------------------------------

CREATE TABLE import_job (
    id TEXT PRIMARY KEY,
    -- people, hospitals, assignments, hcps
    kind TEXT NOT NULL,
    -- fill, overwrite or skip: what happens to those on file
    mode TEXT NOT NULL,
    file_id TEXT NOT NULL,
    file_name TEXT NOT NULL,
    file_bytes BIGINT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('queued', 'checking', 'checked', 'applying', 'done', 'failed', 'cancelled')),
    -- What the worker is to do next: check or apply.
    task TEXT NOT NULL CHECK (task IN ('check', 'apply')),
    skip_invalid BOOLEAN NOT NULL DEFAULT FALSE,
    rows_total BIGINT NOT NULL DEFAULT 0,
    rows_done BIGINT NOT NULL DEFAULT 0,
    -- The report as JSON, sealed: it names people.
    report_cipher TEXT,
    error TEXT,
    staff_id TEXT NOT NULL,
    staff_name TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    started_at BIGINT,
    finished_at BIGINT,
    lease_until BIGINT,
    cancel_at BIGINT
);
CREATE INDEX import_job_status ON import_job (status, created_at);
CREATE INDEX import_job_staff ON import_job (staff_id, created_at);

-- Times at which nightly work ran, by name.
CREATE TABLE job_run (
    name TEXT PRIMARY KEY,
    started_at BIGINT NOT NULL,
    finished_at BIGINT,
    note TEXT NOT NULL DEFAULT ''
);
