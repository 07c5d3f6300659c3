-- The first ledger. Never edit a migration that was released: add another one.
-- Amounts are pico-dollars, instants milliseconds since the epoch (UTC), both integers.

-- Texts that repeat: models, projects, branches, developers, subagents. The empty text is "none".
CREATE TABLE name (
    id   INTEGER PRIMARY KEY,
    text TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE session (
    id            INTEGER PRIMARY KEY,
    agent         INTEGER NOT NULL,
    session_id    TEXT NOT NULL,
    -- Earliest record that no copy can hold.
    seen_at       INTEGER,
    -- The agent's own cumulative total, when it said so, and what of it no call explains.
    reported_pico INTEGER,
    reported_at   INTEGER,
    unlogged_pico INTEGER NOT NULL DEFAULT 0,
    UNIQUE (agent, session_id)
) STRICT;

-- Who and what a call is charged to.
CREATE TABLE attribution (
    id        INTEGER PRIMARY KEY,
    session   INTEGER NOT NULL REFERENCES session (id),
    subagent  INTEGER NOT NULL REFERENCES name (id),
    project   INTEGER NOT NULL REFERENCES name (id),
    branch    INTEGER NOT NULL REFERENCES name (id),
    model     INTEGER NOT NULL REFERENCES name (id),
    developer INTEGER NOT NULL REFERENCES name (id),
    UNIQUE (session, subagent, project, branch, model, developer)
) STRICT;

-- How far each transcript has been read; stored together with what was read.
CREATE TABLE source (
    id        INTEGER PRIMARY KEY,
    path      TEXT NOT NULL UNIQUE,
    agent     INTEGER NOT NULL,
    dev       INTEGER NOT NULL,
    ino       INTEGER NOT NULL,
    size      INTEGER NOT NULL,
    mtime_ns  INTEGER NOT NULL,
    ctime_ns  INTEGER NOT NULL,
    "offset"  INTEGER NOT NULL,
    anchor    INTEGER NOT NULL,
    unparsed  INTEGER NOT NULL,
    oversized INTEGER NOT NULL,
    state     TEXT
) STRICT;

-- Price books are immutable; `content` is kept for those that do not come with the program.
CREATE TABLE price_book (
    id        INTEGER PRIMARY KEY,
    sha256    TEXT NOT NULL UNIQUE,
    source    TEXT NOT NULL,
    stored_at INTEGER NOT NULL,
    content   BLOB
) STRICT;

-- Every row of a book that a charge was computed with, as JSON.
CREATE TABLE price_row (
    id      INTEGER PRIMARY KEY,
    book    INTEGER NOT NULL REFERENCES price_book (id),
    number  INTEGER NOT NULL,
    content TEXT NOT NULL,
    UNIQUE (book, number)
) STRICT;

-- One row for each place (session, thread) that holds a call. Exactly one row of a call counts
-- (`standing` 0); the others say why they do not.
CREATE TABLE call (
    id                   INTEGER PRIMARY KEY,
    group_key            INTEGER NOT NULL,
    call_id              TEXT NOT NULL,
    request_id           TEXT,
    run                  TEXT,
    kind                 INTEGER NOT NULL,
    attribution          INTEGER NOT NULL REFERENCES attribution (id),
    standing             INTEGER NOT NULL,
    shared               INTEGER NOT NULL,
    flags                INTEGER NOT NULL,
    at                   INTEGER NOT NULL,
    source               INTEGER NOT NULL REFERENCES source (id),
    "offset"             INTEGER NOT NULL,
    input_tokens         INTEGER NOT NULL,
    output_tokens        INTEGER NOT NULL,
    cache_read_tokens    INTEGER NOT NULL,
    cache_write_5m_tokens INTEGER NOT NULL,
    cache_write_1h_tokens INTEGER NOT NULL,
    web_searches         INTEGER NOT NULL,
    reasoning_tokens     INTEGER NOT NULL,
    longest_prompt       INTEGER NOT NULL,
    qualifiers           INTEGER NOT NULL,
    reported_pico        INTEGER,
    -- The charge: amount (none while unpriced), how sure or why not, with which price row.
    cost_pico            INTEGER,
    cost_status          INTEGER NOT NULL,
    price_row            INTEGER REFERENCES price_row (id),
    multiplier_ppm       INTEGER NOT NULL,
    -- What this place's own records say, where the call's other rows say more.
    own                  TEXT
) STRICT;
CREATE INDEX call_by_group ON call (group_key);
CREATE INDEX call_by_attribution ON call (attribution, standing, at);
CREATE INDEX call_unpriced ON call (id) WHERE cost_pico IS NULL;
CREATE INDEX call_implausible ON call (id) WHERE flags & 16;
CREATE INDEX call_shared ON call (attribution) WHERE shared;

-- Charges that a reprice replaced; revision 0 is the first.
CREATE TABLE superseded_charge (
    call           INTEGER NOT NULL REFERENCES call (id),
    revision       INTEGER NOT NULL,
    cost_pico      INTEGER,
    cost_status    INTEGER NOT NULL,
    price_row      INTEGER REFERENCES price_row (id),
    multiplier_ppm INTEGER NOT NULL,
    superseded_at  INTEGER NOT NULL,
    PRIMARY KEY (call, revision)
) STRICT, WITHOUT ROWID;

-- Sums of counted, plausible calls by quarter of an hour: every zone's day starts on one.
CREATE TABLE rollup (
    quarter              INTEGER NOT NULL,
    attribution          INTEGER NOT NULL REFERENCES attribution (id),
    calls                INTEGER NOT NULL,
    input_tokens         INTEGER NOT NULL,
    output_tokens        INTEGER NOT NULL,
    cache_read_tokens    INTEGER NOT NULL,
    cache_write_5m_tokens INTEGER NOT NULL,
    cache_write_1h_tokens INTEGER NOT NULL,
    web_searches         INTEGER NOT NULL,
    -- Whole dollars and the rest in pico-dollars: a sum of many charges may pass 64 bits.
    cost_usd             INTEGER NOT NULL,
    cost_pico            INTEGER NOT NULL,
    unpriced_calls       INTEGER NOT NULL,
    not_final_calls      INTEGER NOT NULL,
    PRIMARY KEY (quarter, attribution)
) STRICT, WITHOUT ROWID;
