DROP TABLE exhibitions;
