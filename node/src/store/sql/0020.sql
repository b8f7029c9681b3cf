-- Receipts that other logs state of a log that was closed when they came, whichever history of those stands.
CREATE TABLE receipts_of (
    origin TEXT NOT NULL,            -- the log that is covered
    size INTEGER NOT NULL,
    hash BLOB NOT NULL,              -- of org, space and receipt
    org BLOB NOT NULL,               -- of the log that states it
    space BLOB NOT NULL,
    receipt BLOB NOT NULL,
    PRIMARY KEY (origin, size, hash)
) STRICT, WITHOUT ROWID;
-- Each of those has a row of its own beside the one that stands in the log: which of them counts is judged when it is read.
CREATE TABLE kept (
    log INTEGER NOT NULL,
    size INTEGER NOT NULL,
    witness BLOB NOT NULL,
    variant INTEGER NOT NULL DEFAULT 0,  -- 0 stands in the log; else the beginning of the receipt's hash
    time_s INTEGER NOT NULL,
    receipt BLOB NOT NULL,
    PRIMARY KEY (log, size, witness, variant)
) STRICT, WITHOUT ROWID;
INSERT INTO kept SELECT log, size, witness, 0, time_s, receipt FROM receipts;
DROP TABLE receipts;
ALTER TABLE kept RENAME TO receipts;
CREATE INDEX receipts_witness ON receipts (log, witness, size);
-- Forked logs of which it is to be judged anew which history stands. No number is given twice.
CREATE TABLE unsettled (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    origin TEXT NOT NULL
) STRICT;
