-- Searches that somebody keeps, and what they found since.

CREATE TABLE saved_searches (
    id TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    name TEXT NOT NULL,
    -- JSON of query and filters, as the search route takes them; it never changes
    query TEXT NOT NULL,
    -- how often letters come
    cadence TEXT NOT NULL,
    -- SHA-256 of the secret in the address of its feed; none: it has no feed
    feed_hash TEXT UNIQUE,
    -- what happened after this place in the log is news
    from_seq BIGINT NOT NULL,
    -- what was found up to here was looked at
    looked_seq BIGINT NOT NULL,
    looked_at TEXT NOT NULL,
    -- up to where letters have told, and when the last one was written
    mailed_seq BIGINT NOT NULL,
    mailed_at TEXT,
    version BIGINT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
);
CREATE INDEX saved_searches_by_account ON saved_searches (account_id, id);

-- Each thing once for each search, however often it changes.
CREATE TABLE saved_search_finds (
    search_id TEXT NOT NULL REFERENCES saved_searches (id),
    thing_id TEXT NOT NULL,
    -- up to where the log was read when it was found
    seq BIGINT NOT NULL,
    at TEXT NOT NULL,
    PRIMARY KEY (search_id, thing_id)
);
CREATE INDEX saved_search_finds_in_order ON saved_search_finds (search_id, seq, thing_id);
CREATE INDEX saved_search_finds_by_thing ON saved_search_finds (thing_id);

-- How far the saved searches have followed the log. The generation rises when one comes or goes.
CREATE TABLE watch_head (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    seq BIGINT NOT NULL,
    generation BIGINT NOT NULL
);
INSERT INTO watch_head (id, seq, generation) VALUES (1, 0, 0);
