-- The desk: proposed matches, introductions and cases. Each is the sum of its events; the row in matters is made of
-- them, for lists and clocks.

CREATE TABLE matters (
    id TEXT NOT NULL PRIMARY KEY,
    -- match, introduction, case
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    -- nothing more is expected to happen
    closed BOOLEAN NOT NULL,
    -- the account whose desk it is on
    desk TEXT,
    -- the thing it is about; it may be deleted, the history stays
    subject_id TEXT,
    purpose TEXT,
    -- when its clock runs out
    due_at TEXT,
    -- only one open matter may have it: two coordinators on one pair meet here
    pair TEXT UNIQUE,
    version BIGINT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
);
CREATE INDEX matters_by_kind ON matters (kind, id);
CREATE INDEX matters_by_desk ON matters (desk, kind);
CREATE INDEX matters_by_subject ON matters (subject_id, kind);
CREATE INDEX matters_by_clock ON matters (due_at);

CREATE TABLE matter_parties (
    matter_id TEXT NOT NULL REFERENCES matters (id),
    party_id TEXT NOT NULL,
    -- seeking or answering, for an introduction
    side TEXT,
    PRIMARY KEY (matter_id, party_id)
);
CREATE INDEX matter_parties_by_party ON matter_parties (party_id);

-- Only added to.
CREATE TABLE matter_events (
    matter_id TEXT NOT NULL REFERENCES matters (id),
    number BIGINT NOT NULL,
    change_seq BIGINT NOT NULL,
    event TEXT NOT NULL,
    -- when it was recorded
    at TEXT NOT NULL,
    actor TEXT NOT NULL,
    -- the day it counts for
    happened_on TEXT NOT NULL,
    -- JSON of the deed
    deed TEXT NOT NULL,
    PRIMARY KEY (matter_id, number)
);

-- What an introduction opened to a party.
CREATE TABLE disclosures (
    thing_id TEXT NOT NULL,
    party_id TEXT NOT NULL,
    matter_id TEXT NOT NULL REFERENCES matters (id),
    granted_at TEXT NOT NULL,
    PRIMARY KEY (thing_id, party_id, matter_id)
);
CREATE INDEX disclosures_by_party ON disclosures (party_id);
CREATE INDEX disclosures_by_matter ON disclosures (matter_id);

-- What people are told. One for each event and person.
CREATE TABLE notices (
    id TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    matter_id TEXT NOT NULL REFERENCES matters (id),
    kind TEXT NOT NULL,
    number BIGINT NOT NULL,
    event TEXT NOT NULL,
    at TEXT NOT NULL,
    read_at TEXT,
    -- a letter told of it, or nobody wanted one
    mailed_at TEXT,
    UNIQUE (account_id, matter_id, number)
);
CREATE INDEX notices_by_account ON notices (account_id, id);
CREATE INDEX notices_to_mail ON notices (mailed_at, account_id);

-- How often somebody wants letters. No row: at once.
CREATE TABLE notice_choices (
    account_id TEXT NOT NULL PRIMARY KEY REFERENCES accounts (id),
    choice TEXT NOT NULL,
    -- when the last letter that gathers several was written
    gathered_at TEXT
);

-- How far in the log standing matches have been made.
CREATE TABLE standing_head (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    seq BIGINT NOT NULL
);
INSERT INTO standing_head (id, seq) VALUES (1, 0);
