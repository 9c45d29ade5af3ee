-- Terminals: groups with their branches, and whether they still take goods. Products by business line. Kinds of prices.

-- The hospital group or chain (集团, 连锁) that a terminal is a branch of. One level: a group is no branch itself.
ALTER TABLE terminal ADD COLUMN parent_id TEXT REFERENCES terminal (id);
-- active, paused (暂停) or closed (停业): one that is not active is offered to nobody, and keeps what it has.
ALTER TABLE terminal ADD COLUMN status TEXT NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'paused', 'closed'));
CREATE INDEX terminal_parent ON terminal (parent_id, name, id);
CREATE INDEX terminal_status ON terminal (status, name);

-- Business line (业务线): whoever has a terminal in it is credited with its products there; where nobody has, and for
-- 'default', whoever has the terminal in the main line.
ALTER TABLE product ADD COLUMN business_line TEXT NOT NULL DEFAULT 'default';
CREATE INDEX product_business_line ON product (business_line);

-- Prices get a kind. SQLite cannot change a primary key in place.
CREATE TABLE product_price_new (
    product_id TEXT NOT NULL REFERENCES product (id),
    -- bid (中标价), supply (供货价) or retail (零售价).
    kind TEXT NOT NULL CHECK (kind IN ('bid', 'supply', 'retail')),
    province TEXT NOT NULL,
    starts_on TEXT NOT NULL,
    fen BIGINT NOT NULL CHECK (fen > 0),
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (product_id, kind, province, starts_on)
);
INSERT INTO product_price_new (product_id, kind, province, starts_on, fen, created_by, created_at)
    SELECT product_id, 'bid', province, starts_on, fen, created_by, created_at FROM product_price;
DROP TABLE product_price;
ALTER TABLE product_price_new RENAME TO product_price;

-- Never two who begin on one day: with the index of open assignments and the check inside the lock, no two overlap.
CREATE UNIQUE INDEX terminal_assignment_start ON terminal_assignment (terminal_id, business_line, starts_on);

-- Sums for reports over many months, out of flow_sum: by terminal, and by product and distributor.
CREATE TABLE flow_terminal_sum (
    month TEXT NOT NULL,
    terminal_id TEXT NOT NULL,
    credited_id TEXT NOT NULL,
    quantity BIGINT NOT NULL,
    fen BIGINT NOT NULL,
    line_count BIGINT NOT NULL,
    open_count BIGINT NOT NULL,
    confirmed_count BIGINT NOT NULL,
    appealed_count BIGINT NOT NULL,
    PRIMARY KEY (month, terminal_id, credited_id)
);
CREATE INDEX flow_terminal_sum_credited ON flow_terminal_sum (credited_id, month);
CREATE INDEX flow_terminal_sum_terminal ON flow_terminal_sum (terminal_id, month);
INSERT INTO flow_terminal_sum (month, terminal_id, credited_id, quantity, fen, line_count, open_count, confirmed_count,
    appealed_count)
    SELECT month, terminal_id, credited_id, CAST(SUM(quantity) AS BIGINT), CAST(SUM(fen) AS BIGINT),
    CAST(SUM(line_count) AS BIGINT), CAST(SUM(open_count) AS BIGINT), CAST(SUM(confirmed_count) AS BIGINT),
    CAST(SUM(appealed_count) AS BIGINT) FROM flow_sum GROUP BY month, terminal_id, credited_id;

CREATE TABLE flow_product_sum (
    month TEXT NOT NULL,
    product_id TEXT NOT NULL,
    distributor_id TEXT NOT NULL,
    credited_id TEXT NOT NULL,
    quantity BIGINT NOT NULL,
    fen BIGINT NOT NULL,
    line_count BIGINT NOT NULL,
    -- Rows of flow_sum that it adds up; it goes with the last of them.
    cell_count BIGINT NOT NULL,
    PRIMARY KEY (month, product_id, distributor_id, credited_id)
);
CREATE INDEX flow_product_sum_credited ON flow_product_sum (credited_id, month);
INSERT INTO flow_product_sum (month, product_id, distributor_id, credited_id, quantity, fen, line_count, cell_count)
    SELECT month, product_id, distributor_id, credited_id, CAST(SUM(quantity) AS BIGINT), CAST(SUM(fen) AS BIGINT),
    CAST(SUM(line_count) AS BIGINT), COUNT(*) FROM flow_sum GROUP BY month, product_id, distributor_id, credited_id;
CREATE INDEX flow_product_sum_gone ON flow_product_sum (cell_count) WHERE cell_count = 0;

-- What a decision put in a line's place: none, reverse, quantity, terminal or add, with the quantity or the terminal's name.
ALTER TABLE flow_appeal_step ADD COLUMN correction TEXT NOT NULL DEFAULT '';
ALTER TABLE flow_appeal_step ADD COLUMN corrected TEXT NOT NULL DEFAULT '';

CREATE INDEX flow_line_of_product ON flow_line (product_id, month);
