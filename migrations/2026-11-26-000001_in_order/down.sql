DROP INDEX things_in_order;
