-- Of which ledger an erased record was, where that was known here: it is issued anew in the same one. Of an annex nothing is kept.
ALTER TABLE erased ADD COLUMN ledger TEXT;

-- What the remarks of erasures that have effect say of the new record. Derived.
CREATE TABLE reissued (
    old BLOB PRIMARY KEY,
    new BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX reissued_new ON reissued (new);

-- Erasures that came while an earlier program was here.
INSERT OR IGNORE INTO dirty (record, seq)
    SELECT record, row_number() OVER (ORDER BY record) + max(
        (SELECT coalesce(max(seq), 0) FROM dirty), (SELECT coalesce(max(seq), 0) FROM undocumented))
    FROM (SELECT DISTINCT record FROM erased);
