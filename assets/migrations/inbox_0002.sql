-- Notes that need no answer, in the order they were left; gone when the holder has stored them.
CREATE TABLE note (
    id      INTEGER PRIMARY KEY,
    left_at INTEGER NOT NULL,
    content TEXT NOT NULL
) STRICT;
-- What was told already: whoever enters a key here first may tell it, be it the daemon or a hook.
CREATE TABLE said (
    key TEXT PRIMARY KEY,
    at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
