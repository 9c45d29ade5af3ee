-- Products, and the flow of goods from distributors to terminals (流向): files, lines, matching, periods, confirmation,
-- appeals. Flow stays at terminal level: no table of this file names an HCP.

-- products -------------------------------------------------------------------------------------------------------

CREATE TABLE product (
    id TEXT PRIMARY KEY,
    code TEXT NOT NULL,
    -- Generic name (通用名称), trade name (商品名) and specification.
    name TEXT NOT NULL,
    brand TEXT NOT NULL DEFAULT '',
    specification TEXT NOT NULL,
    unit TEXT NOT NULL DEFAULT '',
    category TEXT NOT NULL DEFAULT '',
    keywords TEXT NOT NULL DEFAULT '',
    approval_no TEXT NOT NULL DEFAULT '',
    manufacturer TEXT NOT NULL DEFAULT '',
    -- rx (处方药), otc or ''.
    class TEXT NOT NULL DEFAULT '',
    indication TEXT NOT NULL DEFAULT '',
    dosage TEXT NOT NULL DEFAULT '',
    clinical TEXT NOT NULL DEFAULT '',
    discontinued_at BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX product_code ON product (code);
CREATE INDEX product_name ON product (name, specification, id);
CREATE INDEX product_category ON product (category, name, id);

-- A price from a day on, in fen; with '' as province it holds where no other does.
CREATE TABLE product_price (
    product_id TEXT NOT NULL REFERENCES product (id),
    province TEXT NOT NULL,
    starts_on TEXT NOT NULL,
    fen BIGINT NOT NULL CHECK (fen > 0),
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (product_id, province, starts_on)
);

-- Versions of the label (说明书): the approved text, in force from a day on. Never changed.
CREATE TABLE product_label (
    product_id TEXT NOT NULL REFERENCES product (id),
    version TEXT NOT NULL,
    starts_on TEXT NOT NULL,
    body TEXT NOT NULL,
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (product_id, version)
);

CREATE TABLE product_article (
    product_id TEXT NOT NULL REFERENCES product (id),
    article_id TEXT NOT NULL REFERENCES article (id),
    PRIMARY KEY (product_id, article_id)
);

-- The history of records holds products too. SQLite cannot change a condition in place.
CREATE TABLE record_change_new (
    id TEXT PRIMARY KEY,
    object_kind TEXT NOT NULL CHECK (object_kind IN ('hcp', 'terminal', 'product')),
    object_id TEXT NOT NULL,
    field TEXT NOT NULL,
    before_value TEXT NOT NULL,
    after_value TEXT NOT NULL,
    by_id TEXT NOT NULL,
    by_name TEXT NOT NULL,
    -- form, import, merge, unmerge, registration, flow, self
    source TEXT NOT NULL,
    at BIGINT NOT NULL
);
INSERT INTO record_change_new (id, object_kind, object_id, field, before_value, after_value, by_id, by_name, source, at)
    SELECT id, object_kind, object_id, field, before_value, after_value, by_id, by_name, source, at FROM record_change;
DROP TABLE record_change;
ALTER TABLE record_change_new RENAME TO record_change;
CREATE INDEX record_change_object ON record_change (object_id, at);

-- flow -----------------------------------------------------------------------------------------------------------

-- A month (YYYY-MM). One without a row is open.
CREATE TABLE flow_period (
    month TEXT PRIMARY KEY,
    state TEXT NOT NULL CHECK (state IN ('open', 'confirming', 'closed')),
    -- The last day for confirming.
    confirm_by TEXT,
    updated_at BIGINT NOT NULL
);

CREATE TABLE flow_period_step (
    id TEXT PRIMARY KEY,
    month TEXT NOT NULL REFERENCES flow_period (month),
    -- The state it went into.
    state TEXT NOT NULL,
    staff_id TEXT NOT NULL,
    staff_name TEXT NOT NULL,
    reason TEXT NOT NULL,
    at BIGINT NOT NULL
);
CREATE INDEX flow_period_step_month ON flow_period_step (month, at);

-- A distributor (商业公司) as files print it, and its terminal where one bears that name.
CREATE TABLE flow_distributor (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    terminal_id TEXT REFERENCES terminal (id),
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX flow_distributor_name ON flow_distributor (name);

-- Columns that a person named for files with this header, so that the next one needs nobody.
CREATE TABLE flow_mapping (
    -- SHA-256 of the header.
    header TEXT PRIMARY KEY,
    columns TEXT NOT NULL,
    staff_id TEXT NOT NULL,
    at BIGINT NOT NULL
);

-- A file that was imported. The original lies sealed under its SHA-256.
CREATE TABLE flow_file (
    id TEXT PRIMARY KEY,
    sha256 TEXT NOT NULL,
    name TEXT NOT NULL,
    -- Counts of rows.
    row_count BIGINT NOT NULL,
    line_count BIGINT NOT NULL,
    repeat_count BIGINT NOT NULL,
    conflict_count BIGINT NOT NULL,
    invalid_count BIGINT NOT NULL,
    staff_id TEXT NOT NULL,
    staff_name TEXT NOT NULL,
    at BIGINT NOT NULL
);
CREATE INDEX flow_file_at ON flow_file (at, id);
CREATE INDEX flow_file_sha256 ON flow_file (sha256);

-- Rows that were not taken as lines: invalid ones with their reasons, and those that differ from a known line, about
-- which a person decides.
CREATE TABLE flow_aside (
    file_id TEXT NOT NULL REFERENCES flow_file (id),
    row_no BIGINT NOT NULL,
    -- invalid or conflict.
    kind TEXT NOT NULL CHECK (kind IN ('invalid', 'conflict')),
    -- Column and reason of an invalid row.
    field TEXT NOT NULL DEFAULT '',
    reason TEXT NOT NULL DEFAULT '',
    -- The row as read, as JSON.
    cells TEXT NOT NULL,
    -- The known line that a conflict is about, and the row's values as one that is repeated is known by.
    line_id TEXT,
    value_key TEXT NOT NULL DEFAULT '',
    -- keep or replace.
    decision TEXT,
    decided_by TEXT,
    decided_at BIGINT,
    PRIMARY KEY (file_id, row_no)
);
CREATE INDEX flow_aside_open ON flow_aside (kind, decided_at, file_id, row_no);
CREATE INDEX flow_aside_line ON flow_aside (line_id, value_key) WHERE line_id IS NOT NULL;

-- A decision that lines printed with a name belong to a terminal.
CREATE TABLE flow_match (
    id TEXT PRIMARY KEY,
    -- Code and name as printed.
    code TEXT NOT NULL,
    printed TEXT NOT NULL,
    terminal_id TEXT NOT NULL REFERENCES terminal (id),
    -- Whether the name was new among the terminal's aliases.
    alias_added BOOLEAN NOT NULL,
    line_count BIGINT NOT NULL,
    staff_id TEXT NOT NULL,
    staff_name TEXT NOT NULL,
    at BIGINT NOT NULL,
    undone_at BIGINT
);
CREATE INDEX flow_match_at ON flow_match (undone_at, at);
CREATE UNIQUE INDEX flow_match_printed ON flow_match (printed, code) WHERE undone_at IS NULL;

CREATE TABLE flow_line (
    id TEXT PRIMARY KEY,
    file_id TEXT REFERENCES flow_file (id),
    row_no BIGINT,
    -- By what a repeated row is known, and what its values were.
    line_key TEXT NOT NULL,
    value_key TEXT NOT NULL,
    distributor_id TEXT NOT NULL REFERENCES flow_distributor (id),
    document_no TEXT NOT NULL,
    line_no TEXT NOT NULL,
    product_id TEXT REFERENCES product (id),
    product_code TEXT NOT NULL,
    product_name TEXT NOT NULL,
    specification TEXT NOT NULL,
    batch TEXT NOT NULL,
    expires_on TEXT,
    quantity BIGINT NOT NULL,
    unit TEXT NOT NULL,
    -- In fen.
    price_fen BIGINT,
    amount_fen BIGINT NOT NULL,
    sold_on TEXT NOT NULL,
    -- The month in which it counts; another than its day's where that was closed (an adjustment).
    month TEXT NOT NULL REFERENCES flow_period (month),
    -- The terminal as printed.
    terminal_code TEXT NOT NULL,
    terminal_name TEXT NOT NULL,
    terminal_id TEXT REFERENCES terminal (id),
    -- code, name, alias or person; '' without a terminal.
    matched_by TEXT NOT NULL,
    match_id TEXT REFERENCES flow_match (id),
    -- Whom it credits: the terminal's owner on the day of sale.
    credited_id TEXT REFERENCES staff (id),
    -- open, confirmed, appealed; reversed with its reversal; or waiting for a terminal.
    state TEXT NOT NULL CHECK (state IN ('waiting', 'open', 'confirmed', 'appealed', 'reversed', 'reversal')),
    confirmed_by TEXT REFERENCES staff (id),
    confirmed_at BIGINT,
    -- The day by which its terminal's owner is to confirm.
    due_on TEXT,
    -- The line that this one takes back, or replaces.
    reverses_id TEXT REFERENCES flow_line (id),
    corrects_id TEXT REFERENCES flow_line (id),
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX flow_line_key ON flow_line (line_key);
CREATE UNIQUE INDEX flow_line_reverses ON flow_line (reverses_id) WHERE reverses_id IS NOT NULL;
CREATE INDEX flow_line_cell ON flow_line (month, terminal_id, state);
CREATE INDEX flow_line_due ON flow_line (due_on) WHERE state = 'open' AND due_on IS NOT NULL;
CREATE INDEX flow_line_terminal ON flow_line (terminal_id, state, due_on);
CREATE INDEX flow_line_waiting ON flow_line (terminal_name, terminal_code) WHERE state = 'waiting';
CREATE INDEX flow_line_product ON flow_line (product_code) WHERE product_id IS NULL;
CREATE INDEX flow_line_file ON flow_line (file_id, row_no);
CREATE INDEX flow_line_match ON flow_line (match_id);
CREATE INDEX flow_line_corrects ON flow_line (corrects_id);

-- Sums of lines by month, terminal, product, distributor and whom they credit; '' stands for none. Written anew for a
-- month and terminal with each change of their lines.
CREATE TABLE flow_sum (
    month TEXT NOT NULL,
    terminal_id TEXT NOT NULL,
    product_id TEXT NOT NULL,
    distributor_id TEXT NOT NULL,
    credited_id TEXT NOT NULL,
    quantity BIGINT NOT NULL,
    fen BIGINT NOT NULL,
    line_count BIGINT NOT NULL,
    open_count BIGINT NOT NULL,
    confirmed_count BIGINT NOT NULL,
    appealed_count BIGINT NOT NULL,
    PRIMARY KEY (month, terminal_id, product_id, distributor_id, credited_id)
);
CREATE INDEX flow_sum_distributor ON flow_sum (distributor_id, terminal_id, month);
CREATE INDEX flow_sum_credited ON flow_sum (credited_id, month);
CREATE INDEX flow_sum_terminal ON flow_sum (terminal_id, month, quantity, fen, open_count);

-- An appeal (申诉) about a line, or about one that is missing.
CREATE TABLE flow_appeal (
    id TEXT PRIMARY KEY,
    line_id TEXT REFERENCES flow_line (id),
    terminal_id TEXT NOT NULL REFERENCES terminal (id),
    distributor_id TEXT REFERENCES flow_distributor (id),
    product_id TEXT REFERENCES product (id),
    -- not_mine, quantity, missing, duplicate or other.
    reason TEXT NOT NULL CHECK (reason IN ('not_mine', 'quantity', 'missing', 'duplicate', 'other')),
    body TEXT NOT NULL,
    -- What should stand, where the reason names a quantity; of a missing line also its day and document.
    quantity BIGINT,
    sold_on TEXT,
    document_no TEXT NOT NULL DEFAULT '',
    -- manager, operations, accepted, rejected or withdrawn.
    state TEXT NOT NULL CHECK (state IN ('manager', 'operations', 'accepted', 'rejected', 'withdrawn')),
    -- 1, or 2 once it was raised again.
    round BIGINT NOT NULL,
    due_on TEXT NOT NULL,
    staff_id TEXT NOT NULL REFERENCES staff (id),
    created_at BIGINT NOT NULL,
    decided_at BIGINT
);
-- One at a time about a line.
CREATE UNIQUE INDEX flow_appeal_line ON flow_appeal (line_id) WHERE state IN ('manager', 'operations') AND line_id IS NOT NULL;
CREATE INDEX flow_appeal_state ON flow_appeal (state, due_on, id);
CREATE INDEX flow_appeal_staff ON flow_appeal (staff_id, created_at);
CREATE INDEX flow_appeal_terminal ON flow_appeal (terminal_id, created_at);
CREATE INDEX flow_appeal_of ON flow_appeal (line_id, created_at);

CREATE TABLE flow_appeal_step (
    id TEXT PRIMARY KEY,
    appeal_id TEXT NOT NULL REFERENCES flow_appeal (id),
    staff_id TEXT NOT NULL REFERENCES staff (id),
    -- raised, again, comment, evidence, supported, opposed, accepted, rejected or withdrawn.
    act TEXT NOT NULL,
    body TEXT NOT NULL,
    -- A photo: the SHA-256 under which it lies sealed, and its media type.
    file_id TEXT,
    file_type TEXT,
    at BIGINT NOT NULL
);
CREATE INDEX flow_appeal_step_of ON flow_appeal_step (appeal_id, at);
