DROP TABLE vocabulary_head;
