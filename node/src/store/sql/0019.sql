-- Each index of the records costs every record that is written: what figures ask for is in the one by owner.
DROP INDEX records_figures;
DROP INDEX records_owner;
CREATE INDEX records_owner ON records (ledger, owner, happened DESC, record, missing);
-- A first sync writes the search index in some ten pieces, which are merged when there are sixteen.
INSERT INTO search (search, rank) VALUES ('automerge', 16);
INSERT INTO search (search, rank) VALUES ('crisismerge', 32);
-- Documents in the order in which they are written, not of their records' hashes, each of which would lie in another page.
-- So do the tables of ledgers (views.rs).
CREATE TABLE ordered (
    record BLOB PRIMARY KEY,
    heads TEXT NOT NULL,
    bytes BLOB NOT NULL
) STRICT;
INSERT INTO ordered SELECT record, heads, bytes FROM documents;
DROP TABLE documents;
ALTER TABLE ordered RENAME TO documents;
