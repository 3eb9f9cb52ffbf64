DROP TABLE watch_head;
DROP TABLE saved_search_finds;
DROP TABLE saved_searches;
