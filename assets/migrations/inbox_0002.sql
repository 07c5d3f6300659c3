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
-- The few of them that a hook has to know while they wait: not what was done, said or failed.
CREATE INDEX note_in_force ON note (id)
WHERE substr(content, 1, 9) NOT IN ('{"action"', '{"failure', '{"notice"', '{"deliver');
