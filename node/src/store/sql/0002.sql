-- The first receipt of each witness over an entry.
CREATE INDEX receipts_witness ON receipts (log, witness, size);

-- What waits for an adoption, and what is marked because its times do not fit.
ALTER TABLE records ADD COLUMN contested INTEGER NOT NULL DEFAULT 0;
ALTER TABLE records ADD COLUMN doubted INTEGER NOT NULL DEFAULT 0;
CREATE INDEX records_space ON records (space);
CREATE INDEX records_contested ON records (record) WHERE contested > 0;
CREATE INDEX records_doubted ON records (owner, record) WHERE doubted > 0;

-- Statements that may revise verdicts which were settled, until all records that they bear on are marked.
CREATE TABLE revisions (
    statement BLOB PRIMARY KEY
) STRICT, WITHOUT ROWID;
