-- What logs held here say of erasures: that a record is erased, and that a node destroyed what it held of one.
CREATE TABLE erasures (
    record BLOB NOT NULL,
    space BLOB NOT NULL,
    log INTEGER NOT NULL,
    idx INTEGER NOT NULL,
    due INTEGER NOT NULL,            -- whether it is to be judged: new, or news may have given it effect
    PRIMARY KEY (record, space, log, idx)
) STRICT, WITHOUT ROWID;
CREATE INDEX erasures_log ON erasures (log, idx);
CREATE INDEX erasures_due ON erasures (record) WHERE due = 1;
CREATE TABLE acknowledged (
    record BLOB NOT NULL,
    space BLOB NOT NULL,
    log INTEGER NOT NULL,
    idx INTEGER NOT NULL,
    org BLOB NOT NULL,
    PRIMARY KEY (record, space, log, idx)
) STRICT, WITHOUT ROWID;
CREATE INDEX acknowledged_log ON acknowledged (log, idx);

-- Records whose erasure has effect: nothing of them comes in any more. Stays when what is derived is dropped.
CREATE TABLE erased (
    record BLOB NOT NULL,
    space BLOB NOT NULL,
    erasure BLOB NOT NULL,
    signed BLOB NOT NULL,            -- the signed erasure, to be stated again should the log that had it lose it
    step INTEGER NOT NULL,           -- 0 being destroyed here, 1 destroyed, 2 acknowledged
    key INTEGER NOT NULL,            -- whether its key is destroyed, too: not that of a record which lives in another space
    main BLOB,                       -- of an annex: the record that it belonged to, if that was known
    PRIMARY KEY (record, space)
) STRICT, WITHOUT ROWID;
CREATE INDEX erased_unfinished ON erased (record) WHERE step < 2;
CREATE INDEX erased_main ON erased (main) WHERE main IS NOT NULL;

-- Files of attachments that go with them.
CREATE TABLE erased_files (
    id BLOB PRIMARY KEY
) STRICT, WITHOUT ROWID;
