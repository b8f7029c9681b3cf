-- When other nodes were last heard of: by this node itself, or as another one told it. For people; nothing rests on it.
CREATE TABLE neighbours (
    node BLOB PRIMARY KEY,
    teller BLOB,                     -- the node that told it; none where this node spoke with it
    at INTEGER NOT NULL,             -- milliseconds since 1970
    connected INTEGER NOT NULL,      -- whether a session was open then, and none is known to have ended since
    software TEXT
) STRICT, WITHOUT ROWID;
