-- Attachments that are here, whole and checked: their bytes are files beside the database.
CREATE TABLE attachments (
    id BLOB PRIMARY KEY,             -- BLAKE3
    size INTEGER NOT NULL,
    pieces BLOB NOT NULL,            -- hashes of its pieces, to serve them
    kept INTEGER NOT NULL            -- milliseconds since 1970, here: when it came, or came again
) STRICT, WITHOUT ROWID;

-- Which are named by which records, derived. What a change names that does not count (yet) is kept and not fetched.
CREATE TABLE attachment_names (
    record BLOB NOT NULL,
    id BLOB NOT NULL,
    space BLOB NOT NULL,
    owner BLOB NOT NULL,
    counts INTEGER NOT NULL,
    held INTEGER NOT NULL,
    PRIMARY KEY (record, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX attachment_names_id ON attachment_names (id, space);
CREATE INDEX attachment_names_lacking ON attachment_names (owner, id) WHERE held = 0 AND counts = 1;

-- What somebody here asked for, though it is not fetched by itself.
CREATE TABLE attachment_wishes (
    id BLOB PRIMARY KEY
) STRICT, WITHOUT ROWID;
