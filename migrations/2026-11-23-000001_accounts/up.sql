-- Who gets in: accounts, what they may do, and their sessions. TEXT ids, times as fixed-width UTC text.
-- Secrets (refresh tokens, API tokens, one-time codes) are kept only as SHA-256.

-- An account is made when an invitation is accepted. An erased one keeps its id and nothing else.
CREATE TABLE accounts (
    id TEXT NOT NULL PRIMARY KEY,
    -- ASCII, lower case
    email TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    language TEXT NOT NULL,
    state TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    -- sealed with a key that is not in the database
    totp_secret TEXT,
    totp_confirmed BOOLEAN NOT NULL,
    -- the last time step that was used: a code works once
    totp_step BIGINT NOT NULL,
    version BIGINT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
);

CREATE TABLE account_roles (
    account_id TEXT NOT NULL REFERENCES accounts (id),
    role TEXT NOT NULL,
    PRIMARY KEY (account_id, role)
);

-- An account acts for a party. Only what is confirmed counts.
CREATE TABLE memberships (
    id TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    party_id TEXT NOT NULL REFERENCES things (id),
    party_right TEXT NOT NULL,
    state TEXT NOT NULL,
    version BIGINT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    UNIQUE (account_id, party_id)
);
CREATE INDEX memberships_by_party ON memberships (party_id);

-- A membership before there is somebody to hold it. Never tells whether the address has an account.
CREATE TABLE invitations (
    id TEXT NOT NULL PRIMARY KEY,
    email TEXT NOT NULL,
    party_id TEXT REFERENCES things (id),
    party_right TEXT,
    -- separated by commas
    roles TEXT NOT NULL,
    language TEXT NOT NULL,
    invited_by TEXT NOT NULL,
    code_hash TEXT NOT NULL UNIQUE,
    state TEXT NOT NULL,
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL
);
CREATE INDEX invitations_by_party ON invitations (party_id);
CREATE INDEX invitations_by_email ON invitations (email);

-- One for each sign-in; everything issued under it ends with it.
CREATE TABLE session_families (
    id TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    created_at TEXT NOT NULL,
    last_used_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    ended_at TEXT,
    end_reason TEXT
);
CREATE INDEX session_families_by_account ON session_families (account_id);

CREATE TABLE refresh_tokens (
    token_hash TEXT NOT NULL PRIMARY KEY,
    family_id TEXT NOT NULL REFERENCES session_families (id),
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    used_at TEXT
);
CREATE INDEX refresh_tokens_by_family ON refresh_tokens (family_id);

CREATE TABLE api_tokens (
    id TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    name TEXT NOT NULL,
    token_hash TEXT NOT NULL UNIQUE,
    scope TEXT NOT NULL,
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL
);
CREATE INDEX api_tokens_by_account ON api_tokens (account_id);

CREATE TABLE one_time_codes (
    code_hash TEXT NOT NULL PRIMARY KEY,
    purpose TEXT NOT NULL,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    -- the new address, for a change of address
    email TEXT,
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    used_at TEXT
);
CREATE INDEX one_time_codes_by_account ON one_time_codes (account_id);

-- Failed sign-ins. The subject is a keyed digest of an address, so that unknown addresses count like known ones.
CREATE TABLE sign_in_counters (
    subject TEXT NOT NULL PRIMARY KEY,
    failures BIGINT NOT NULL,
    last_at TEXT NOT NULL
);
CREATE INDEX sign_in_counters_by_time ON sign_in_counters (last_at);

-- Letters to send. What is asked for an address is looked up when the letter is written, not when it is asked for.
CREATE TABLE mail_outbox (
    id TEXT NOT NULL PRIMARY KEY,
    letter TEXT NOT NULL,
    email TEXT NOT NULL,
    language TEXT,
    -- what the letter is about: an invitation, a code
    reference TEXT,
    created_at TEXT NOT NULL,
    due_at TEXT NOT NULL,
    attempts BIGINT NOT NULL
);
CREATE INDEX mail_outbox_by_time ON mail_outbox (due_at, id);

-- Rises with every change of anybody's rights, so that a copy of them can be known to be current.
CREATE TABLE rights_head (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    generation BIGINT NOT NULL
);
INSERT INTO rights_head (id, generation) VALUES (1, 0);

-- The audit trail is read by who, by what and by when.
CREATE INDEX changes_by_actor ON changes (actor, seq);
CREATE INDEX changes_by_kind ON changes (kind, seq);
CREATE INDEX changes_by_time ON changes (at);
