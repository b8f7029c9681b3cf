-- Who opened personal parts, and what for. In no log and no peer's hands; given up after three years.
CREATE TABLE accesses (
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,             -- milliseconds since 1970, here
    reader BLOB NOT NULL,            -- the person's key
    name TEXT NOT NULL,              -- as on the card then
    record BLOB NOT NULL,            -- the record whose personal parts they are
    way TEXT NOT NULL,               -- open, export or print
    purpose TEXT NOT NULL,
    words TEXT NOT NULL              -- what for, where the purpose is another one
) STRICT;
CREATE INDEX accesses_at ON accesses (at);
CREATE INDEX accesses_record ON accesses (record, at);
