-- One set for SQLite and PostgreSQL: TEXT, BIGINT, INTEGER, BOOLEAN; no enum CHECK (Rust types guard).

-- The head of the log: one row. Every write transaction begins by raising seq, which puts writers in order.
CREATE TABLE log_head (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    epoch TEXT NOT NULL,
    seq BIGINT NOT NULL,
    chain TEXT NOT NULL
);

-- One row for every organisation, person, capability, seed, need, record of work …
CREATE TABLE things (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    parent_id TEXT REFERENCES things (id),
    owner_party TEXT REFERENCES things (id),
    visibility TEXT NOT NULL,
    status TEXT NOT NULL,
    verified_on TEXT,
    version BIGINT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    title_ja TEXT,
    title_en TEXT,
    sort_key TEXT NOT NULL,
    -- the folded title: how an import without numbers recognises a thing
    name_key TEXT NOT NULL,
    CHECK (title_ja IS NOT NULL OR title_en IS NOT NULL)
);
CREATE INDEX things_by_name ON things (kind, sort_key, id);
CREATE INDEX things_by_time ON things (kind, updated_at, id);
CREATE INDEX things_by_owner ON things (owner_party, kind);
CREATE INDEX things_by_parent ON things (parent_id);
CREATE INDEX things_by_title ON things (kind, name_key, owner_party);

CREATE TABLE organizations (
    thing_id TEXT NOT NULL PRIMARY KEY REFERENCES things (id),
    organization_kind TEXT NOT NULL,
    name_kana TEXT,
    corporate_number TEXT,
    ror TEXT,
    municipality TEXT,
    postal_code TEXT,
    address_ja TEXT,
    address_en TEXT,
    website TEXT,
    founded TEXT,
    employees BIGINT,
    capital BIGINT,
    industry TEXT,
    description_ja TEXT,
    description_en TEXT
);
CREATE INDEX organizations_by_municipality ON organizations (municipality);

CREATE TABLE people (
    thing_id TEXT NOT NULL PRIMARY KEY REFERENCES things (id),
    name_kana TEXT,
    orcid TEXT,
    researchmap TEXT,
    position_ja TEXT,
    position_en TEXT,
    municipality TEXT,
    website TEXT,
    description_ja TEXT,
    description_en TEXT
);

CREATE TABLE capabilities (
    thing_id TEXT NOT NULL PRIMARY KEY REFERENCES things (id),
    capability_kind TEXT NOT NULL,
    description_ja TEXT,
    description_en TEXT,
    evidence_ja TEXT,
    evidence_en TEXT,
    readiness BIGINT,
    trial_use BOOLEAN,
    price_min BIGINT,
    price_max BIGINT
);

CREATE TABLE seeds (
    thing_id TEXT NOT NULL PRIMARY KEY REFERENCES things (id),
    summary_ja TEXT,
    summary_en TEXT,
    novelty_ja TEXT,
    novelty_en TEXT,
    applications_ja TEXT,
    applications_en TEXT,
    partner_sought_ja TEXT,
    partner_sought_en TEXT,
    readiness BIGINT,
    property_status TEXT,
    cost_min BIGINT,
    cost_max BIGINT,
    time_scale_months BIGINT
);

CREATE TABLE needs (
    thing_id TEXT NOT NULL PRIMARY KEY REFERENCES things (id),
    summary_ja TEXT,
    summary_en TEXT,
    budget_min BIGINT,
    budget_max BIGINT,
    deadline TEXT,
    anonymous BOOLEAN NOT NULL
);

CREATE TABLE need_lines (
    need_id TEXT NOT NULL REFERENCES needs (thing_id),
    position INTEGER NOT NULL,
    strength TEXT NOT NULL,
    text_ja TEXT,
    text_en TEXT,
    condition_field TEXT,
    condition_operator TEXT,
    -- JSON array of strings
    condition_values TEXT,
    PRIMARY KEY (need_id, position)
);

CREATE TABLE records (
    thing_id TEXT NOT NULL PRIMARY KEY REFERENCES things (id),
    record_kind TEXT,
    text_ja TEXT,
    text_en TEXT,
    happened_on TEXT,
    amount BIGINT,
    number TEXT,
    website TEXT
);

-- Lists of values of a thing: fields, sdgs, certificates, aliases …
CREATE TABLE thing_values (
    thing_id TEXT NOT NULL REFERENCES things (id),
    list TEXT NOT NULL,
    position INTEGER NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (thing_id, list, position)
);
CREATE INDEX thing_values_by_value ON thing_values (list, value, thing_id);

-- Named references between things: member of a record, affiliation, successor, contact.
CREATE TABLE thing_links (
    thing_id TEXT NOT NULL REFERENCES things (id),
    relation TEXT NOT NULL,
    position INTEGER NOT NULL,
    target_id TEXT NOT NULL REFERENCES things (id),
    role TEXT,
    PRIMARY KEY (thing_id, relation, position)
);
CREATE INDEX thing_links_by_target ON thing_links (target_id, relation);

-- Numbers by which others know a thing: 法人番号, ROR, ORCID, the ids of an import source.
CREATE TABLE external_references (
    kind TEXT NOT NULL,
    scheme TEXT NOT NULL,
    value TEXT NOT NULL,
    thing_id TEXT NOT NULL REFERENCES things (id),
    PRIMARY KEY (kind, scheme, value)
);
CREATE INDEX external_references_by_thing ON external_references (thing_id);

-- What every thing was at each version. Kept when the thing is deleted.
CREATE TABLE versions (
    thing_id TEXT NOT NULL,
    version BIGINT NOT NULL,
    change_seq BIGINT NOT NULL,
    at TEXT NOT NULL,
    actor TEXT NOT NULL,
    -- JSON of the fields; absent for a deletion
    snapshot TEXT,
    PRIMARY KEY (thing_id, version)
);

-- The log: audit trail for people, feed for readers such as the index. Says what to read again, never what it said.
CREATE TABLE changes (
    seq BIGINT NOT NULL,
    line INTEGER NOT NULL,
    at TEXT NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    kind TEXT NOT NULL,
    thing_id TEXT NOT NULL,
    -- the change hides or deletes
    narrows BOOLEAN NOT NULL,
    salt TEXT NOT NULL,
    digest TEXT NOT NULL,
    chain TEXT NOT NULL,
    PRIMARY KEY (seq, line)
);
CREATE INDEX changes_by_thing ON changes (thing_id, seq);
CREATE INDEX changes_that_narrow ON changes (narrows, seq);

-- A creation that was acknowledged under a key is answered again, not done again.
CREATE TABLE idempotency_keys (
    caller TEXT NOT NULL,
    key TEXT NOT NULL,
    request_digest TEXT NOT NULL,
    thing_id TEXT NOT NULL,
    change_seq BIGINT NOT NULL,
    response TEXT NOT NULL,
    created_at TEXT NOT NULL,
    PRIMARY KEY (caller, key)
);
CREATE INDEX idempotency_keys_by_time ON idempotency_keys (created_at);

CREATE TABLE municipalities (
    code TEXT NOT NULL PRIMARY KEY,
    prefecture TEXT REFERENCES municipalities (code),
    name_ja TEXT NOT NULL,
    name_kana TEXT NOT NULL,
    name_en TEXT NOT NULL
);

CREATE TABLE fields (
    code TEXT NOT NULL PRIMARY KEY,
    parent TEXT REFERENCES fields (code),
    name_ja TEXT NOT NULL,
    name_en TEXT NOT NULL
);
