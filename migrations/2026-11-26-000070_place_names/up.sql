-- Words of a search are looked up among the names of places.
CREATE INDEX municipalities_by_name ON municipalities (name_ja);
CREATE INDEX municipalities_by_reading ON municipalities (name_kana);
CREATE INDEX municipalities_by_english_name ON municipalities (lower(name_en));
