-- How each record stands as to confirmations, and in how many fields values stand beside one another that nobody settled.
-- Derived; no record was confirmed before, and those with such values are marked.
ALTER TABLE records ADD COLUMN confirmed INTEGER NOT NULL DEFAULT 0;   -- 0 by nobody, 1 as it is, 2 changed since
ALTER TABLE records ADD COLUMN split INTEGER NOT NULL DEFAULT 0;
CREATE INDEX records_split ON records (updated DESC, record) WHERE split > 0;

INSERT OR IGNORE INTO dirty (record, seq)
    SELECT record, row_number() OVER (ORDER BY id) + max(
        (SELECT coalesce(max(seq), 0) FROM dirty), (SELECT coalesce(max(seq), 0) FROM undocumented))
    FROM records WHERE instr(state, '"candidates"') > 0;
