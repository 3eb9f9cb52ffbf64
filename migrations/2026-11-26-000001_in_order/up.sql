-- A rebuild of the index reads each kind page by page in order of id; without this, every page would sort the whole kind.
CREATE INDEX things_in_order ON things (kind, id);
