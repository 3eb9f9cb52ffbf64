-- Lifecycles, reviews, the yearly question, merged organisations, and what makes duplicates look alike.

-- The status of each version: history shows a version only to those who could read it then.
ALTER TABLE versions ADD COLUMN status TEXT NOT NULL DEFAULT 'published';

-- What waits for review, the first registered first (ids are in order of time), and what is to be verified. Not by a column
-- that lists are sorted by: SQLite would take this index for every list of published things.
CREATE INDEX things_by_status ON things (status, id);
CREATE INDEX things_by_verification ON things (status, verified_on, id);

-- What was said when a thing was submitted, published, returned or withdrawn. Kept when the thing is deleted.
CREATE TABLE reviews (
    id TEXT NOT NULL PRIMARY KEY,
    thing_id TEXT NOT NULL,
    -- the version that came of it
    version BIGINT NOT NULL,
    at TEXT NOT NULL,
    actor TEXT NOT NULL,
    step TEXT NOT NULL,
    -- done by somebody who may review
    by_reviewer BOOLEAN NOT NULL,
    comment TEXT,
    -- of a publication: who had submitted it, and for which party
    author TEXT,
    party TEXT
);
CREATE INDEX reviews_by_thing ON reviews (thing_id, id);
CREATE INDEX reviews_by_author ON reviews (author, party);
CREATE INDEX reviews_by_actor ON reviews (actor);

-- Parties whose things are published without review.
CREATE TABLE trusted_parties (
    party_id TEXT NOT NULL PRIMARY KEY REFERENCES things (id),
    at TEXT NOT NULL,
    actor TEXT NOT NULL
);

-- Whether the yearly question about a thing went out, for the verification it asks about.
CREATE TABLE verifications_asked (
    thing_id TEXT NOT NULL PRIMARY KEY,
    verified_on TEXT NOT NULL,
    at TEXT NOT NULL
);

-- Keys under which likely duplicates meet: numbers, and names without their legal form.
CREATE TABLE likenesses (
    scheme TEXT NOT NULL,
    value TEXT NOT NULL,
    thing_id TEXT NOT NULL REFERENCES things (id),
    PRIMARY KEY (scheme, value, thing_id)
);
CREATE INDEX likenesses_by_thing ON likenesses (thing_id);

-- A merged organisation is gone; this is where it went, and what is needed to undo it.
CREATE TABLE merges (
    id TEXT NOT NULL PRIMARY KEY,
    merged_id TEXT NOT NULL,
    into_id TEXT NOT NULL,
    at TEXT NOT NULL,
    actor TEXT NOT NULL,
    -- of the merged one, as it was: who may be told where it went
    visibility TEXT NOT NULL,
    status TEXT NOT NULL,
    -- JSON of what was carried over
    carried TEXT NOT NULL,
    undone_at TEXT
);
CREATE INDEX merges_by_merged ON merges (merged_id, undone_at);
CREATE INDEX merges_by_into ON merges (into_id, undone_at);

-- Further numbers.
ALTER TABLE organizations ADD COLUMN invoice_number TEXT;
ALTER TABLE people ADD COLUMN erad TEXT;
ALTER TABLE records ADD COLUMN kaken TEXT;
ALTER TABLE records ADD COLUMN patent TEXT;

-- JSIC sections and divisions. A thing may name a deeper class that is not listed here.
CREATE TABLE industries (
    code TEXT NOT NULL PRIMARY KEY,
    parent TEXT REFERENCES industries (code),
    name_ja TEXT NOT NULL,
    name_en TEXT NOT NULL
);
