-- From layout 5: files and folders with something wrong, which the next sync finds again.
CREATE TABLE problems (
    path TEXT NOT NULL,
    reason TEXT NOT NULL,
    remedy TEXT NOT NULL,
    failed INTEGER NOT NULL,
    at TEXT NOT NULL,
    PRIMARY KEY (path, reason)
) WITHOUT ROWID;
CREATE INDEX sources_by_warning ON sources (path, warnings, indexed_at) WHERE archived = 0 AND warnings <> '[]';
