-- What the lists of every ledger ask for: what a record lacks to be complete, in what order it stands, and which records
-- its fields name. Derived, so every record is marked.
ALTER TABLE records ADD COLUMN missing INTEGER NOT NULL DEFAULT 0;
CREATE INDEX records_title ON records (ledger, title, record);
CREATE INDEX records_updated ON records (ledger, updated DESC, record);
CREATE INDEX records_missing ON records (ledger, happened DESC, record) WHERE missing > 0;
CREATE INDEX records_figures ON records (ledger, owner, missing);

CREATE TABLE refs (                  -- derived: a field of a record names another record, or an org
    record BLOB NOT NULL,
    field TEXT NOT NULL,
    target BLOB NOT NULL,
    PRIMARY KEY (record, field, target)
) STRICT, WITHOUT ROWID;
CREATE INDEX refs_target ON refs (target, field, record);

INSERT OR IGNORE INTO dirty (record, seq)
    SELECT record, row_number() OVER (ORDER BY id) + max(
        (SELECT coalesce(max(seq), 0) FROM dirty), (SELECT coalesce(max(seq), 0) FROM undocumented))
    FROM records;

-- What people are typing: sealed with a key that only their passphrase opens, in no log, no backup and no peer's hands.
CREATE TABLE drafts (
    id BLOB PRIMARY KEY,
    person BLOB NOT NULL,            -- a tag that only the person's key gives
    kept INTEGER NOT NULL,           -- milliseconds since 1970, here
    sealed BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX drafts_person ON drafts (person, kept);
