-- When an erasure became due counts, not only that it is: one that was witnessed while it was being judged is judged again.
DROP INDEX erasures_due;
CREATE INDEX erasures_due ON erasures (record) WHERE due > 0;

-- What an earlier program may have passed over for that reason.
UPDATE erasures SET due = 1 WHERE due = 0 AND NOT EXISTS
    (SELECT 1 FROM erased d WHERE d.record = erasures.record AND d.space = erasures.space);
