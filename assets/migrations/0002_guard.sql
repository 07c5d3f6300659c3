-- What the guard decides, does and says. Amounts are pico-dollars, instants milliseconds (UTC).

-- A level of a cap that was reached in a period: in force until the period ends, whatever happens
-- to the process that noticed. Level 1000 is the limit.
CREATE TABLE latch (
    cap          TEXT NOT NULL,
    subject      TEXT NOT NULL,
    period_start INTEGER NOT NULL,
    period_end   INTEGER NOT NULL,
    level        INTEGER NOT NULL,
    limit_pico   INTEGER NOT NULL,
    spent_pico   INTEGER NOT NULL,
    reserve_pico INTEGER NOT NULL,
    at           INTEGER NOT NULL,
    agent        INTEGER,
    session_id   TEXT,
    PRIMARY KEY (cap, subject, period_start, level, limit_pico)
) STRICT, WITHOUT ROWID;

-- Caps that a person snoozed (`amount_pico` none) or raised, until when, and why.
CREATE TABLE lift (
    id          INTEGER PRIMARY KEY,
    cap         TEXT NOT NULL,
    amount_pico INTEGER,
    until       INTEGER NOT NULL,
    at          INTEGER NOT NULL,
    reason      TEXT NOT NULL,
    by          TEXT NOT NULL
) STRICT;

-- Sessions that are flagged or blocked, by a cap or by hand.
CREATE TABLE mark (
    agent      INTEGER NOT NULL,
    session_id TEXT NOT NULL,
    action     TEXT NOT NULL,
    cap        TEXT,
    reason     TEXT NOT NULL,
    by         TEXT NOT NULL,
    at         INTEGER NOT NULL,
    PRIMARY KEY (agent, session_id, action)
) STRICT, WITHOUT ROWID;

-- Which process a session lives in, as its hook saw it.
CREATE TABLE sighting (
    agent      INTEGER NOT NULL,
    session_id TEXT NOT NULL,
    boot_id    TEXT NOT NULL,
    pid        INTEGER NOT NULL,
    start_time INTEGER NOT NULL,
    exe        TEXT NOT NULL,
    transcript TEXT,
    at         INTEGER NOT NULL,
    PRIMARY KEY (agent, session_id, boot_id, pid, start_time)
) STRICT, WITHOUT ROWID;

-- The audit trail: what was done, to what, why, and how it ended.
CREATE TABLE action (
    id             INTEGER PRIMARY KEY,
    at             INTEGER NOT NULL,
    kind           TEXT NOT NULL,
    cap            TEXT,
    agent          INTEGER,
    session_id     TEXT,
    evidence       TEXT NOT NULL,
    boot_id        TEXT,
    pid            INTEGER,
    start_time     INTEGER,
    signal         TEXT,
    outcome        TEXT NOT NULL,
    latency_ms     INTEGER,
    overshoot_pico INTEGER,
    resume         TEXT,
    by             TEXT NOT NULL
) STRICT;
CREATE INDEX action_by_time ON action (at);

-- What is to be told, once for each key, and by which means it has been.
CREATE TABLE notice (
    id     INTEGER PRIMARY KEY,
    key    TEXT NOT NULL UNIQUE,
    at     INTEGER NOT NULL,
    title  TEXT NOT NULL,
    body   TEXT NOT NULL,
    urgent INTEGER NOT NULL
) STRICT;
CREATE TABLE delivery (
    notice   INTEGER NOT NULL REFERENCES notice (id),
    channel  TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    -- Told at, or tried again at; one of them is set.
    told_at  INTEGER,
    retry_at INTEGER,
    error    TEXT,
    PRIMARY KEY (notice, channel)
) STRICT, WITHOUT ROWID;
CREATE INDEX delivery_waiting ON delivery (retry_at) WHERE told_at IS NULL;

-- Hooks that failed and had to let their agent go on, or stop it.
CREATE TABLE hook_failure (
    id   INTEGER PRIMARY KEY,
    at   INTEGER NOT NULL,
    what TEXT NOT NULL
) STRICT;

-- A session's sums, for caps on sessions.
CREATE INDEX rollup_by_attribution ON rollup (attribution);
