-- From layout 4: events that happened again; all records are compared at the next sync.
CREATE TABLE examined (lesson INTEGER PRIMARY KEY REFERENCES lessons (id)) WITHOUT ROWID;
CREATE TABLE repeats (
    lesson INTEGER NOT NULL REFERENCES lessons (id),
    other INTEGER NOT NULL REFERENCES lessons (id),
    score REAL NOT NULL,
    PRIMARY KEY (lesson, other)
) WITHOUT ROWID;
CREATE INDEX repeats_by_other ON repeats (other);
