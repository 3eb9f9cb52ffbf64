-- How far an undo has come: the log sequence of the last batch that was taken back. Written with the batch.
ALTER TABLE imports ADD COLUMN undone_to BIGINT;
