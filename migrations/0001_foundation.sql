-- Runs unchanged on SQLite and Postgres: TEXT ids (UUIDv7 made by the server), BIGINT epoch milliseconds,
-- 'YYYY-MM-DD' days of the configured time zone, JSON as TEXT.

CREATE TABLE setting (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

-- identity -------------------------------------------------------------------------------------------------------

CREATE TABLE org_unit (
    id TEXT PRIMARY KEY,
    parent_id TEXT REFERENCES org_unit (id),
    name TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('company', 'business_unit', 'region', 'district')),
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX org_unit_name ON org_unit (COALESCE(parent_id, ''), name);

-- Every unit with each of its ancestors and itself; rebuilt when the tree changes.
CREATE TABLE org_closure (
    ancestor_id TEXT NOT NULL REFERENCES org_unit (id),
    descendant_id TEXT NOT NULL REFERENCES org_unit (id),
    depth BIGINT NOT NULL,
    PRIMARY KEY (ancestor_id, descendant_id)
);
CREATE INDEX org_closure_descendant ON org_closure (descendant_id);

CREATE TABLE staff (
    id TEXT PRIMARY KEY,
    unit_id TEXT NOT NULL REFERENCES org_unit (id),
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    employee_no TEXT,
    phone_cipher TEXT NOT NULL,
    phone_index TEXT NOT NULL,
    phone_masked TEXT NOT NULL,
    password_hash TEXT,
    locale TEXT NOT NULL DEFAULT 'zh-CN',
    theme TEXT NOT NULL DEFAULT 'system',
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    left_at BIGINT
);
CREATE UNIQUE INDEX staff_phone ON staff (phone_index);
CREATE UNIQUE INDEX staff_employee_no ON staff (employee_no);
CREATE INDEX staff_unit ON staff (unit_id, role);
CREATE INDEX staff_name ON staff (name, id);

CREATE TABLE unit_manager (
    unit_id TEXT NOT NULL REFERENCES org_unit (id),
    staff_id TEXT NOT NULL REFERENCES staff (id),
    PRIMARY KEY (unit_id, staff_id)
);
CREATE INDEX unit_manager_staff ON unit_manager (staff_id);

CREATE TABLE session (
    id TEXT PRIMARY KEY,
    token_hash TEXT NOT NULL,
    staff_id TEXT NOT NULL REFERENCES staff (id),
    created_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    revoked_at BIGINT,
    address TEXT NOT NULL,
    user_agent TEXT NOT NULL
);
CREATE UNIQUE INDEX session_token ON session (token_hash);
CREATE INDEX session_staff ON session (staff_id, last_seen_at);

CREATE TABLE otp (
    id TEXT PRIMARY KEY,
    purpose TEXT NOT NULL,
    phone_index TEXT NOT NULL,
    code_hash TEXT NOT NULL,
    address TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    tries BIGINT NOT NULL DEFAULT 0,
    used_at BIGINT
);
CREATE INDEX otp_phone ON otp (phone_index, purpose, created_at);
CREATE INDEX otp_address ON otp (address, created_at);

-- Failed sign-ins and other counted events; old rows are swept by the worker.
CREATE TABLE throttle (
    id TEXT PRIMARY KEY,
    bucket TEXT NOT NULL,
    at BIGINT NOT NULL
);
CREATE INDEX throttle_bucket ON throttle (bucket, at);

-- The answer to a form that was already carried out, so that a double tap or a retry gets the same one.
CREATE TABLE form_key (
    actor_id TEXT NOT NULL,
    form_key TEXT NOT NULL,
    saved TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (actor_id, form_key)
);
CREATE INDEX form_key_at ON form_key (at);

-- audit ----------------------------------------------------------------------------------------------------------

CREATE TABLE audit_log (
    seq BIGINT PRIMARY KEY,
    at BIGINT NOT NULL,
    actor_id TEXT NOT NULL,
    actor_name TEXT NOT NULL,
    action TEXT NOT NULL,
    object_kind TEXT NOT NULL,
    object_id TEXT NOT NULL,
    address TEXT NOT NULL,
    person_id TEXT,
    detail TEXT NOT NULL,
    mac TEXT NOT NULL
);
CREATE INDEX audit_log_at ON audit_log (at);
CREATE INDEX audit_log_actor ON audit_log (actor_id, seq);
CREATE INDEX audit_log_object ON audit_log (object_id, seq);
CREATE INDEX audit_log_action ON audit_log (action, seq);

-- One key per person; destroying it makes what the log holds of them unreadable and leaves the chain whole.
CREATE TABLE person_key (
    person_id TEXT PRIMARY KEY,
    wrapped TEXT,
    destroyed_at BIGINT
);

-- terminals and HCPs ---------------------------------------------------------------------------------------------

CREATE TABLE terminal (
    id TEXT PRIMARY KEY,
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    province TEXT NOT NULL,
    city TEXT NOT NULL,
    address TEXT NOT NULL,
    level TEXT NOT NULL,
    latitude DOUBLE PRECISION,
    longitude DOUBLE PRECISION,
    datum TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX terminal_code ON terminal (code);
CREATE INDEX terminal_name ON terminal (name);
CREATE INDEX terminal_region ON terminal (province, city, name);

CREATE TABLE terminal_assignment (
    id TEXT PRIMARY KEY,
    terminal_id TEXT NOT NULL REFERENCES terminal (id),
    staff_id TEXT NOT NULL REFERENCES staff (id),
    business_line TEXT NOT NULL DEFAULT 'default',
    starts_on TEXT NOT NULL,
    ends_on TEXT,
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
-- Never two owners at a time: one open assignment each, and closed ones are checked in the same transaction.
CREATE UNIQUE INDEX terminal_assignment_open ON terminal_assignment (terminal_id, business_line) WHERE ends_on IS NULL;
CREATE INDEX terminal_assignment_terminal ON terminal_assignment (terminal_id, starts_on);
CREATE INDEX terminal_assignment_staff ON terminal_assignment (staff_id, ends_on);

CREATE TABLE hcp (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    pinyin TEXT NOT NULL,
    initials TEXT NOT NULL,
    sex TEXT NOT NULL,
    phone_cipher TEXT,
    phone_index TEXT,
    phone_masked TEXT NOT NULL,
    terminal_id TEXT REFERENCES terminal (id),
    hospital_text TEXT NOT NULL DEFAULT '',
    department TEXT NOT NULL,
    title TEXT NOT NULL,
    province TEXT NOT NULL,
    city TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('listed', 'invited', 'onboarded', 'pending', 'merged')),
    owner_id TEXT REFERENCES staff (id),
    claims_id TEXT REFERENCES hcp (id),
    merged_into TEXT REFERENCES hcp (id),
    source TEXT NOT NULL,
    onboarded_at BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX hcp_phone ON hcp (phone_index);
CREATE INDEX hcp_owner ON hcp (owner_id, state, pinyin, id);
CREATE INDEX hcp_terminal ON hcp (terminal_id, name);
CREATE INDEX hcp_state ON hcp (state, pinyin, id);
CREATE INDEX hcp_department ON hcp (department, pinyin, id);
CREATE INDEX hcp_order ON hcp (pinyin, id);
CREATE INDEX hcp_claims ON hcp (claims_id);

CREATE TABLE hcp_ownership (
    id TEXT PRIMARY KEY,
    hcp_id TEXT NOT NULL REFERENCES hcp (id),
    owner_id TEXT REFERENCES staff (id),
    starts_at BIGINT NOT NULL,
    ends_at BIGINT,
    reason TEXT NOT NULL,
    created_by TEXT NOT NULL
);
CREATE INDEX hcp_ownership_hcp ON hcp_ownership (hcp_id, starts_at);
CREATE UNIQUE INDEX hcp_ownership_open ON hcp_ownership (hcp_id) WHERE ends_at IS NULL;

CREATE TABLE invitation (
    id TEXT PRIMARY KEY,
    token TEXT NOT NULL,
    hcp_id TEXT NOT NULL REFERENCES hcp (id),
    staff_id TEXT NOT NULL REFERENCES staff (id),
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    revoked_at BIGINT,
    used_at BIGINT
);
CREATE UNIQUE INDEX invitation_token ON invitation (token);
CREATE INDEX invitation_hcp ON invitation (hcp_id, created_at);

CREATE TABLE consent (
    id TEXT PRIMARY KEY,
    hcp_id TEXT NOT NULL REFERENCES hcp (id),
    purpose TEXT NOT NULL CHECK (purpose IN ('profile', 'push', 'tracking')),
    text_version TEXT NOT NULL,
    granted BOOLEAN NOT NULL,
    channel TEXT NOT NULL,
    at BIGINT NOT NULL,
    withdrawn_at BIGINT
);
CREATE INDEX consent_hcp ON consent (hcp_id, purpose, at);

-- A browser that an HCP bound to themselves.
CREATE TABLE hcp_device (
    id TEXT PRIMARY KEY,
    token_hash TEXT NOT NULL,
    hcp_id TEXT NOT NULL REFERENCES hcp (id),
    user_agent TEXT NOT NULL,
    bound_at BIGINT NOT NULL,
    revoked_at BIGINT
);
CREATE UNIQUE INDEX hcp_device_token ON hcp_device (token_hash);
CREATE INDEX hcp_device_hcp ON hcp_device (hcp_id);

-- Terms that find an object: overlapping pairs of Han characters, words and pinyin. The same on both engines.
CREATE TABLE search_term (
    kind TEXT NOT NULL,
    term TEXT NOT NULL,
    object_id TEXT NOT NULL,
    PRIMARY KEY (kind, term, object_id)
);
CREATE INDEX search_term_object ON search_term (object_id);

-- content --------------------------------------------------------------------------------------------------------

CREATE TABLE article (
    id TEXT PRIMARY KEY,
    title TEXT NOT NULL,
    summary TEXT NOT NULL,
    author TEXT NOT NULL,
    audience TEXT NOT NULL CHECK (audience IN ('public', 'professional')),
    body_md TEXT NOT NULL,
    body_html TEXT NOT NULL,
    han_count BIGINT NOT NULL,
    approval_no TEXT NOT NULL,
    expires_on TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('draft', 'in_review', 'approved', 'published', 'withdrawn')),
    created_by TEXT NOT NULL REFERENCES staff (id),
    revised_from TEXT REFERENCES article (id),
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    published_at BIGINT
);
CREATE INDEX article_status ON article (status, updated_at);
CREATE INDEX article_published ON article (status, audience, published_at);
CREATE UNIQUE INDEX article_approval_no ON article (approval_no) WHERE approval_no <> '' AND status <> 'withdrawn';

CREATE TABLE article_tag (
    article_id TEXT NOT NULL REFERENCES article (id),
    kind TEXT NOT NULL CHECK (kind IN ('specialty', 'disease')),
    tag TEXT NOT NULL,
    PRIMARY KEY (article_id, kind, tag)
);
CREATE INDEX article_tag_tag ON article_tag (kind, tag, article_id);

-- Each step of the review: who, when, what was said.
CREATE TABLE article_step (
    id TEXT PRIMARY KEY,
    article_id TEXT NOT NULL REFERENCES article (id),
    status TEXT NOT NULL,
    comment TEXT NOT NULL,
    staff_id TEXT NOT NULL REFERENCES staff (id),
    at BIGINT NOT NULL
);
CREATE INDEX article_step_article ON article_step (article_id, at);

-- Uploaded files by the SHA-256 of their bytes, and which articles show them.
CREATE TABLE file (
    id TEXT PRIMARY KEY,
    media_type TEXT NOT NULL,
    bytes BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE TABLE article_file (
    article_id TEXT NOT NULL REFERENCES article (id),
    file_id TEXT NOT NULL REFERENCES file (id),
    PRIMARY KEY (article_id, file_id)
);
CREATE INDEX article_file_file ON article_file (file_id);

CREATE TABLE favourite (
    reader TEXT NOT NULL,
    article_id TEXT NOT NULL REFERENCES article (id),
    at BIGINT NOT NULL,
    PRIMARY KEY (reader, article_id)
);

-- sharing --------------------------------------------------------------------------------------------------------
-- A reader or sharer is written 'staff:ID', 'hcp:ID' or 'vis:ID'.

CREATE TABLE share_link (
    token TEXT PRIMARY KEY,
    article_id TEXT NOT NULL REFERENCES article (id),
    sharer TEXT NOT NULL,
    parent TEXT REFERENCES share_link (token),
    root TEXT NOT NULL,
    -- The rep whose root this descends from; NULL under an HCP's or a visitor's own root.
    root_staff_id TEXT REFERENCES staff (id),
    level BIGINT NOT NULL,
    channel TEXT NOT NULL,
    -- The HCP for whom a rep made it, if any.
    recipient_id TEXT REFERENCES hcp (id),
    created_at BIGINT NOT NULL,
    created_on TEXT NOT NULL,
    expires_at BIGINT,
    revoked_at BIGINT,
    -- When 转发 was pressed; a root is made by pressing.
    pressed_at BIGINT,
    -- When another visitor than the sharer first opened it (a counted view).
    opened_at BIGINT
);
CREATE INDEX share_link_parent ON share_link (parent);
CREATE INDEX share_link_sharer ON share_link (sharer, created_on);
CREATE INDEX share_link_root_staff ON share_link (root_staff_id, article_id, created_on);
CREATE INDEX share_link_article ON share_link (article_id, created_on);
CREATE INDEX share_link_root ON share_link (root);

-- Every link with each of its ancestors and itself.
CREATE TABLE share_closure (
    ancestor TEXT NOT NULL REFERENCES share_link (token),
    descendant TEXT NOT NULL REFERENCES share_link (token),
    PRIMARY KEY (ancestor, descendant)
);
CREATE INDEX share_closure_descendant ON share_closure (descendant);

CREATE TABLE article_view (
    id TEXT PRIMARY KEY,
    article_id TEXT NOT NULL REFERENCES article (id),
    -- The link through which it came; NULL from the library.
    link TEXT REFERENCES share_link (token),
    root_staff_id TEXT,
    reader TEXT NOT NULL,
    at BIGINT NOT NULL,
    viewed_on TEXT NOT NULL,
    -- 'pv' counts; 'repeat' came within 30 s; 'self' is staff or somebody below their own link.
    kind TEXT NOT NULL CHECK (kind IN ('pv', 'repeat', 'self')),
    reread BOOLEAN NOT NULL,
    dwell_ms BIGINT,
    depth BIGINT,
    finished BOOLEAN NOT NULL DEFAULT FALSE
);
CREATE INDEX article_view_link ON article_view (link, kind, viewed_on);
-- These two hold all that the numbers are made of, so that counting never goes to the rows.
CREATE INDEX article_view_staff ON article_view (root_staff_id, viewed_on, kind, reader, reread, finished, dwell_ms);
CREATE INDEX article_view_article
    ON article_view (article_id, viewed_on, kind, root_staff_id, reader, reread, finished, dwell_ms);
CREATE INDEX article_view_at ON article_view (at);
CREATE INDEX article_view_reader ON article_view (reader, article_id, at);
CREATE INDEX article_view_day ON article_view (viewed_on, kind);
