-- Entries that are held without their payloads are asked for again and again.
CREATE INDEX entries_lacking ON entries (log, idx) WHERE payload IS NULL;
