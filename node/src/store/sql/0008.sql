-- What the rows of a record were made from, so that what did not change is not written again: most often a receipt came,
-- and nothing but its witness changed. Absent in rows of earlier programs, which are written once more.
ALTER TABLE records ADD COLUMN shape BLOB;     -- digest of the rows, without what rises and falls with verdicts and receipts
ALTER TABLE records ADD COLUMN words BLOB;     -- digest of what the search index holds
ALTER TABLE records ADD COLUMN counting BLOB;  -- digest of the changes that count, from which the document is made
