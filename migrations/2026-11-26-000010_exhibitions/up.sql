-- 展示会・商談会. Belongs to no party: coordinators and officers keep it.
CREATE TABLE exhibitions (
    thing_id TEXT NOT NULL PRIMARY KEY REFERENCES things (id),
    exhibition_kind TEXT,
    organizer TEXT,
    description_ja TEXT,
    description_en TEXT,
    -- the call for participation
    call_ja TEXT,
    call_en TEXT,
    venue_ja TEXT,
    venue_en TEXT,
    municipality TEXT,
    website TEXT,
    -- days, as Japan counts them
    begins_on TEXT,
    ends_on TEXT,
    apply_by TEXT,
    answer_by TEXT,
    -- JSON arrays
    theme TEXT NOT NULL,
    booths TEXT NOT NULL,
    walls TEXT NOT NULL,
    -- yen
    price BIGINT,
    subsidy_percent BIGINT,
    subsidy_cap BIGINT,
    subsidy_cap_each BIGINT
);
CREATE INDEX exhibitions_by_day ON exhibitions (begins_on);
