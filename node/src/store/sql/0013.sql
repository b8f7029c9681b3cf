-- What of a log is no receipt is counted by those that are.
CREATE INDEX entries_receipts ON entries (log, idx) WHERE receipt = 1;
