-- A first sync writes the search index a thousand records at a time: what such a transaction adds fits in one piece, and
-- pieces are merged when there are eight of a size, not four.
INSERT INTO search (search, rank) VALUES ('hashsize', 4194304);
INSERT INTO search (search, rank) VALUES ('automerge', 8);
