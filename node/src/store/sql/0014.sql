-- What the program itself fills in is no longer among what a record lacks. Derived; the records that lacked it are marked.
INSERT OR IGNORE INTO dirty (record, seq)
    SELECT record, row_number() OVER (ORDER BY id) + max(
        (SELECT coalesce(max(seq), 0) FROM dirty), (SELECT coalesce(max(seq), 0) FROM undocumented))
    FROM records
    WHERE missing > 0 AND ledger IN
        ('deputy_roster', 'letters_visits', 'suggestion', 'rule_table', 'progress_bulletin', 'three_lists', 'statistics');
