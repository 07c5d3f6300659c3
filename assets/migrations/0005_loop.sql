-- Loops, as the detectors see them in threads that are watched while they run. Fingerprints and
-- names of tools only, no text.

-- What the detectors know of a thread that was at work lately: a few KB each.
CREATE TABLE watch (
    thread INTEGER PRIMARY KEY REFERENCES thread (id),
    state  TEXT NOT NULL
) STRICT;

-- Every loop that was found, as it stood last.
CREATE TABLE loop (
    thread    INTEGER NOT NULL REFERENCES thread (id),
    detector  TEXT NOT NULL,
    -- When what repeats came first, as it looked when the loop was found.
    since     INTEGER NOT NULL,
    -- When the turn began that it was found in.
    turn      INTEGER NOT NULL,
    -- 2 loop, 3 runaway.
    level     INTEGER NOT NULL,
    -- The tool, where one is the matter.
    tool      TEXT,
    -- How often it has come, when last, and what was spent after the first time.
    count     INTEGER NOT NULL,
    at        INTEGER NOT NULL,
    cost_pico INTEGER NOT NULL,
    PRIMARY KEY (thread, since, detector)
) STRICT, WITHOUT ROWID;
CREATE INDEX loop_by_time ON loop (at);
