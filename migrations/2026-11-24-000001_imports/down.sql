DROP TABLE import_mappings;
DROP TABLE import_references;
DROP TABLE import_batches;
DROP TABLE imports;
