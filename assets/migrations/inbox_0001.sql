-- What other processes ask of the one that writes the ledger.
CREATE TABLE request (
    id          INTEGER PRIMARY KEY,
    asked_at    INTEGER NOT NULL,
    kind        TEXT NOT NULL,
    payload     BLOB NOT NULL,
    -- Set by the holder when it is done: an empty text, or what went wrong.
    answered_at INTEGER,
    answer      TEXT
) STRICT;
