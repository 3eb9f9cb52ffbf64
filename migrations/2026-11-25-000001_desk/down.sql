DROP TABLE standing_head;
DROP TABLE notice_choices;
DROP TABLE notices;
DROP TABLE disclosures;
DROP TABLE matter_events;
DROP TABLE matter_parties;
DROP TABLE matters;
