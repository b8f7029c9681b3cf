-- Logs of this node's earlier epochs: written no more, and taken in from others like anybody's.
ALTER TABLE logs ADD COLUMN closed TEXT;            -- why
ALTER TABLE logs ADD COLUMN signed_size INTEGER;    -- the last that this node is known to have signed
ALTER TABLE logs ADD COLUMN signed_root BLOB;

-- The other branch of a log that says two things, from where they part.
CREATE TABLE branches (
    log INTEGER PRIMARY KEY,
    start INTEGER NOT NULL,          -- first index at which the two differ
    size INTEGER NOT NULL,
    root BLOB NOT NULL,
    checkpoint TEXT NOT NULL,        -- signed note; while the branch is incomplete it lies beyond size
    checkpoint_size INTEGER NOT NULL
) STRICT;
CREATE TABLE branch_entries (
    log INTEGER NOT NULL,
    idx INTEGER NOT NULL,
    entry BLOB NOT NULL,
    payload BLOB,
    anew INTEGER NOT NULL DEFAULT 0, -- whether its author signed it anew
    PRIMARY KEY (log, idx)
) STRICT, WITHOUT ROWID;
CREATE TABLE branch_nodes (          -- stored nodes from the first that differs on
    log INTEGER NOT NULL,
    idx INTEGER NOT NULL,
    hash BLOB NOT NULL,
    PRIMARY KEY (log, idx)
) STRICT, WITHOUT ROWID;
CREATE TABLE forks (                 -- proofs of equivocation held, by what they are about
    origin TEXT NOT NULL,
    digest BLOB NOT NULL,            -- SHA-256 of the proof
    proof BLOB NOT NULL,
    found INTEGER NOT NULL,          -- milliseconds since 1970, here
    PRIMARY KEY (origin, digest)
) STRICT, WITHOUT ROWID;
