DROP INDEX municipalities_by_english_name;
DROP INDEX municipalities_by_reading;
DROP INDEX municipalities_by_name;
