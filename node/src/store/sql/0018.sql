-- What one node tells of another stands beside what the rest tell of it: none of their clocks says which came later.
CREATE TABLE told (
    node BLOB NOT NULL,
    teller BLOB NOT NULL,            -- the node that told it; empty where this node spoke with it
    at INTEGER NOT NULL,             -- when it was last heard of, milliseconds since 1970
    connected INTEGER NOT NULL,      -- whether a session was open as the teller last said, and it is still heard
    software TEXT,
    PRIMARY KEY (node, teller)
) STRICT, WITHOUT ROWID;
INSERT INTO told SELECT node, coalesce(teller, x''), at, connected, software FROM neighbours;
DROP TABLE neighbours;
ALTER TABLE told RENAME TO neighbours;
