-- Turns, steps and tools: what an agent does between two prompts. Fingerprints only, no text.
-- What follows from the calls of a thread (steps, tools, cost) is summed up when it is asked for.

-- A session's main thread, or a subagent's.
CREATE TABLE thread (
    id       INTEGER PRIMARY KEY,
    session  INTEGER NOT NULL REFERENCES session (id),
    subagent INTEGER NOT NULL REFERENCES name (id),
    -- Its latest record that says so: the agent goes on, or waits.
    at       INTEGER NOT NULL,
    goes_on  INTEGER NOT NULL,
    -- The newest tool uses and results of the present turn, while they are new.
    recent   BLOB,
    UNIQUE (session, subagent)
) STRICT;
CREATE INDEX thread_by_time ON thread (at);
CREATE INDEX thread_recent ON thread (at) WHERE recent IS NOT NULL;

-- Where the turns of a thread begin: a prompt, by its fingerprint. A turn ends with the next.
CREATE TABLE turn (
    thread INTEGER NOT NULL REFERENCES thread (id),
    key    INTEGER NOT NULL,
    at     INTEGER NOT NULL,
    -- 0 a person, 1 a program.
    source INTEGER NOT NULL,
    -- 0 none, 1 watch, 2 loop, 3 runaway.
    level  INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (thread, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX turn_by_time ON turn (thread, at);

-- What happens to a thread that is neither call nor tool: 1 a compaction by itself, 2 one that was
-- asked for, 3 a request that failed for good.
CREATE TABLE incident (
    thread INTEGER NOT NULL REFERENCES thread (id),
    at     INTEGER NOT NULL,
    key    INTEGER NOT NULL,
    kind   INTEGER NOT NULL,
    PRIMARY KEY (thread, at, key)
) STRICT, WITHOUT ROWID;

-- Tools that failed (1) or were not let run (2), by the fingerprint of the use's id.
CREATE TABLE failed_tool (
    id      INTEGER PRIMARY KEY,
    outcome INTEGER NOT NULL
) STRICT;

-- The tools that an answer asked for: of each the id, what makes it the same as another, and when.
ALTER TABLE call ADD COLUMN tools BLOB;

-- Transcripts that were read before tell nothing of this: those that still exist are read again,
-- which changes nothing of what is known.
UPDATE source SET ctime_ns = 0, anchor = ~anchor;
