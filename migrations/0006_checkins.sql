-- Field work: where reps checked in.

-- How near one must be to a terminal, in metres; none for the company's setting.
ALTER TABLE terminal ADD COLUMN checkin_radius_m BIGINT;

-- A check-in (打卡) or check-out, with a client-made id, so that one that waited on the phone is stored once.
CREATE TABLE checkin (
    id TEXT PRIMARY KEY,
    staff_id TEXT NOT NULL REFERENCES staff (id),
    -- in or out.
    kind TEXT NOT NULL,
    terminal_id TEXT REFERENCES terminal (id),
    -- The terminal's name at that time, or the place as a sheet printed it.
    place TEXT NOT NULL,
    -- Degrees as the browser gave them (WGS-84); none where the position could not be had.
    latitude DOUBLE PRECISION,
    longitude DOUBLE PRECISION,
    datum TEXT NOT NULL,
    accuracy_m DOUBLE PRECISION,
    -- To the terminal.
    distance_m DOUBLE PRECISION,
    -- JSON list: far, imprecise, fast, same_place, no_position, late.
    flags TEXT NOT NULL,
    -- The device's clock and the server's.
    device_at BIGINT,
    received_at BIGINT NOT NULL,
    -- The moment that counts, and its day.
    at BIGINT NOT NULL,
    day TEXT NOT NULL,
    -- phone or import.
    source TEXT NOT NULL
);
CREATE INDEX checkin_staff ON checkin (staff_id, day, at);
CREATE INDEX checkin_day ON checkin (day, staff_id);
CREATE INDEX checkin_terminal ON checkin (terminal_id, day);

-- Who agreed that their place is read when they press the button (domain, Compliance: location needs its own consent).
CREATE TABLE location_consent (
    staff_id TEXT PRIMARY KEY REFERENCES staff (id),
    agreed_at BIGINT NOT NULL
);
