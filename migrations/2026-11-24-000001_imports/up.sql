-- Imports over REST: what was staged, how far it is, what it did. Not things: no versions, no log of their own.
CREATE TABLE imports (
    id TEXT NOT NULL PRIMARY KEY,
    -- the data folder that holds the staged file
    node TEXT NOT NULL,
    kind TEXT NOT NULL,
    format TEXT NOT NULL,
    source TEXT,
    mapping TEXT,
    encoding TEXT,
    file_name TEXT,
    bytes BIGINT NOT NULL,
    state TEXT NOT NULL,
    created_by TEXT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    -- rows gone through in the running step
    rows_done BIGINT NOT NULL,
    -- rows of the file, once the preview has counted them
    rows_total BIGINT,
    -- JSON: what the preview, the commit and the undo found
    preview TEXT,
    result TEXT,
    undone TEXT,
    failure TEXT
);

-- The transactions of an import: written in the same transaction as their rows.
CREATE TABLE import_batches (
    import_id TEXT NOT NULL REFERENCES imports (id),
    seq BIGINT NOT NULL,
    last_line BIGINT NOT NULL,
    -- JSON: the counts up to here
    counts TEXT NOT NULL,
    PRIMARY KEY (import_id, seq)
);

-- Names at a source that an import gave to things that were there before: its undo takes them back.
CREATE TABLE import_references (
    import_id TEXT NOT NULL REFERENCES imports (id),
    kind TEXT NOT NULL,
    scheme TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (import_id, kind, scheme, value)
);

-- What the headings of a file mean, by the name of the mapping.
CREATE TABLE import_mappings (
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    position INTEGER NOT NULL,
    heading TEXT NOT NULL,
    -- empty: left out
    field TEXT NOT NULL,
    PRIMARY KEY (kind, name, position)
);
