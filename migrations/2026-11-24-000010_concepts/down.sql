DROP TABLE concepts;
