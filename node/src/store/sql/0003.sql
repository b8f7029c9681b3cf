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

-- Witnessing: what was answered for this node's own witness log (in no log, so that logs of witnesses do not feed on each
-- other), and what an earlier witness key of this node cosigned.
CREATE TABLE witness_receipts (
    origin TEXT NOT NULL,
    size INTEGER NOT NULL,
    witness BLOB NOT NULL,
    time_s INTEGER NOT NULL,
    receipt BLOB NOT NULL,
    PRIMARY KEY (origin, size, witness)
) STRICT, WITHOUT ROWID;
CREATE TABLE past_witness_logs (
    id INTEGER PRIMARY KEY,          -- below 0; its tree stands in nodes under this number
    origin TEXT NOT NULL UNIQUE,
    epoch BLOB NOT NULL
) STRICT;
CREATE TABLE past_witness_entries (
    log INTEGER NOT NULL,
    idx INTEGER NOT NULL,
    leaf BLOB NOT NULL,
    PRIMARY KEY (log, idx)
) STRICT, WITHOUT ROWID;
ALTER TABLE witnessed ADD COLUMN past INTEGER NOT NULL DEFAULT 0; -- last cosigned by an earlier witness key
