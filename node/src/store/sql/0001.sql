-- What is true: logs, their entries, stored Merkle nodes, receipts, what this node witnessed.
CREATE TABLE logs (
    id INTEGER PRIMARY KEY,
    origin TEXT NOT NULL UNIQUE,
    space BLOB NOT NULL,
    start BLOB NOT NULL,             -- canonical LogStart
    org BLOB NOT NULL,
    own INTEGER NOT NULL,
    size INTEGER NOT NULL,
    root BLOB NOT NULL,
    checkpoint TEXT NOT NULL,        -- newest signed note; of a foreign log it may lie beyond size
    checkpoint_size INTEGER NOT NULL,
    halted TEXT                      -- why nothing more is written or accepted
) STRICT;
CREATE INDEX logs_space ON logs (space);

CREATE TABLE entries (
    log INTEGER NOT NULL,
    idx INTEGER NOT NULL,
    entry BLOB NOT NULL,
    kind INTEGER NOT NULL,           -- 1 change, 2 statement, 3 sealed change
    change BLOB NOT NULL,
    record BLOB,
    payload BLOB,
    receipt INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (log, idx)
) STRICT, WITHOUT ROWID;
CREATE INDEX entries_record ON entries (record, log, idx) WHERE record IS NOT NULL;

CREATE TABLE nodes (                 -- log 0 is this node's own witness log
    log INTEGER NOT NULL,
    idx INTEGER NOT NULL,
    hash BLOB NOT NULL,
    PRIMARY KEY (log, idx)
) STRICT, WITHOUT ROWID;

CREATE TABLE receipts (
    log INTEGER NOT NULL,
    size INTEGER NOT NULL,
    witness BLOB NOT NULL,
    time_s INTEGER NOT NULL,
    receipt BLOB NOT NULL,
    PRIMARY KEY (log, size, witness)
) STRICT, WITHOUT ROWID;

CREATE TABLE witnessed (             -- the last checkpoint cosigned of each origin
    origin TEXT PRIMARY KEY,
    node BLOB NOT NULL,
    size INTEGER NOT NULL,
    root BLOB NOT NULL,
    time_s INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE witness_log (
    idx INTEGER PRIMARY KEY,
    leaf BLOB NOT NULL
) STRICT;

CREATE TABLE statements (            -- statements of trust from any source: own, invitation, peers, logs
    id BLOB PRIMARY KEY,
    bytes BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE accounts (              -- who may sign in here; keys lie in age files, not here
    login TEXT PRIMARY KEY,
    key BLOB NOT NULL UNIQUE         -- its appointments are found in the directory
) STRICT, WITHOUT ROWID;

CREATE TABLE alarms (
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    words TEXT NOT NULL,
    UNIQUE (kind, subject)
) STRICT;

CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- What is derived: may be dropped and rebuilt at any time.
CREATE TABLE dirty (                 -- records whose views lag
    record BLOB PRIMARY KEY,
    seq INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX dirty_seq ON dirty (seq);
CREATE TABLE undocumented (          -- records whose Automerge document lags
    record BLOB PRIMARY KEY,
    seq INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX undocumented_seq ON undocumented (seq);

CREATE TABLE records (
    id INTEGER PRIMARY KEY,
    record BLOB NOT NULL UNIQUE,
    space BLOB NOT NULL,
    owner BLOB NOT NULL,
    ledger TEXT NOT NULL,
    title TEXT NOT NULL,
    happened TEXT NOT NULL,
    recorded INTEGER NOT NULL,
    updated INTEGER NOT NULL,
    pending INTEGER NOT NULL,
    refused INTEGER NOT NULL,
    unwitnessed INTEGER NOT NULL,
    main BLOB,                       -- the record that an annex belongs to
    state TEXT NOT NULL
) STRICT;
CREATE INDEX records_list ON records (ledger, happened DESC, record);
CREATE INDEX records_owner ON records (ledger, owner, happened DESC, record);
CREATE INDEX records_main ON records (main) WHERE main IS NOT NULL;
CREATE INDEX records_unsettled ON records (record) WHERE pending > 0 OR unwitnessed > 0;

CREATE TABLE documents (
    record BLOB PRIMARY KEY,
    heads TEXT NOT NULL,
    bytes BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Overlapping pairs of characters, split by us; rowid is records.id.
CREATE VIRTUAL TABLE search USING fts5 (
    grams, content = '', contentless_delete = 1, tokenize = "unicode61 remove_diacritics 0"
);
