-- The log's own signature over what was last witnessed of it; none where it was witnessed before this column was there.
ALTER TABLE witnessed ADD COLUMN signature BLOB;

-- What a log showed this node, its witness, against what it had had witnessed: one for each log. With the log's first entry
-- it is a proof of equivocation; of a log that is not held here it waits for that entry.
CREATE TABLE contradictions (
    origin TEXT PRIMARY KEY,
    node BLOB NOT NULL,
    evidence BLOB NOT NULL,          -- canonical
    found INTEGER NOT NULL           -- milliseconds since 1970, here
) STRICT, WITHOUT ROWID;

-- A log may have more than one branch that does not stand. Numbers are this node's own.
ALTER TABLE branches RENAME TO only_branches;
CREATE TABLE branches (
    log INTEGER NOT NULL,
    branch INTEGER NOT NULL,         -- from 1, as they were met
    start INTEGER NOT NULL,          -- first index at which it differs from what stands
    size INTEGER NOT NULL,
    root BLOB NOT NULL,
    checkpoint TEXT NOT NULL,        -- signed note; while the branch is incomplete it lies beyond size
    checkpoint_size INTEGER NOT NULL,
    PRIMARY KEY (log, branch)
) STRICT, WITHOUT ROWID;
INSERT INTO branches SELECT log, 1, start, size, root, checkpoint, checkpoint_size FROM only_branches;
DROP TABLE only_branches;

ALTER TABLE branch_entries RENAME TO only_branch_entries;
CREATE TABLE branch_entries (
    log INTEGER NOT NULL,
    branch INTEGER NOT NULL,
    idx INTEGER NOT NULL,
    entry BLOB NOT NULL,
    payload BLOB,
    anew INTEGER NOT NULL DEFAULT 0, -- whether its author signed it anew
    PRIMARY KEY (log, branch, idx)
) STRICT, WITHOUT ROWID;
INSERT INTO branch_entries SELECT log, 1, idx, entry, payload, anew FROM only_branch_entries;
DROP TABLE only_branch_entries;

ALTER TABLE branch_nodes RENAME TO only_branch_nodes;
CREATE TABLE branch_nodes (          -- stored nodes from the first that differs from what stands on
    log INTEGER NOT NULL,
    branch INTEGER NOT NULL,
    idx INTEGER NOT NULL,
    hash BLOB NOT NULL,
    PRIMARY KEY (log, branch, idx)
) STRICT, WITHOUT ROWID;
INSERT INTO branch_nodes SELECT log, 1, idx, hash FROM only_branch_nodes;
DROP TABLE only_branch_nodes;

-- How much of a witness log that ended is known to have been signed: the cut of the revocation that ends its key.
ALTER TABLE past_witness_logs ADD COLUMN signed INTEGER NOT NULL DEFAULT 0;
UPDATE past_witness_logs SET signed = (SELECT count(*) FROM past_witness_entries WHERE log = past_witness_logs.id);
