ALTER TABLE standing_head DROP COLUMN progress;
