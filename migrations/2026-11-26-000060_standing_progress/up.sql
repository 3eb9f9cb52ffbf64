-- Where a run of standing matches stopped that was not done within one request (JSON); none: the next run begins anew.
ALTER TABLE standing_head ADD COLUMN progress TEXT;
