-- Rises with every change of the names of places and fields, so that a copy of them can be known to be current.
CREATE TABLE vocabulary_head (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    generation BIGINT NOT NULL
);
INSERT INTO vocabulary_head (id, generation) VALUES (1, 0);
