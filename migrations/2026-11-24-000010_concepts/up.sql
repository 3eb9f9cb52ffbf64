-- The concept tree: names in Japanese and English, and what is wider. A file fills it once; then this is the truth.
CREATE TABLE concepts (
    id TEXT NOT NULL PRIMARY KEY,
    code TEXT NOT NULL UNIQUE,
    -- code of the wider concept
    parent TEXT REFERENCES concepts (code),
    name_ja TEXT,
    name_en TEXT,
    -- one a line
    synonyms_ja TEXT NOT NULL,
    synonyms_en TEXT NOT NULL,
    version BIGINT NOT NULL,
    updated_at TEXT NOT NULL
);
CREATE INDEX concepts_by_parent ON concepts (parent, code);
