-- From layout 1: fields that recognition did not derive then. Files are read anew at the next sync (`reading` is 1).
ALTER TABLE sources ADD COLUMN reading INTEGER NOT NULL DEFAULT 1;
ALTER TABLE lessons ADD COLUMN phase TEXT;
ALTER TABLE lessons ADD COLUMN severity TEXT;
ALTER TABLE lessons ADD COLUMN topics TEXT NOT NULL DEFAULT '[]';
ALTER TABLE lessons ADD COLUMN causes TEXT NOT NULL DEFAULT '[]';
ALTER TABLE lessons ADD COLUMN actions TEXT NOT NULL DEFAULT '[]';
ALTER TABLE lessons ADD COLUMN contributors TEXT NOT NULL DEFAULT '[]';
ALTER TABLE passages ADD COLUMN place TEXT NOT NULL DEFAULT '';
UPDATE passages SET place = 'page ' || page WHERE page IS NOT NULL;
-- Files that were read and are not embedded yet: what an interrupted run need not read again.
CREATE TABLE staged (path TEXT PRIMARY KEY, mtime_ns INTEGER NOT NULL, reading TEXT NOT NULL) WITHOUT ROWID;
-- A sample of the word sequences of each living lesson, to find its near-duplicates.
CREATE TABLE shingles (hash INTEGER NOT NULL, lesson INTEGER NOT NULL REFERENCES lessons (id), PRIMARY KEY (hash, lesson))
WITHOUT ROWID;
CREATE INDEX shingles_by_lesson ON shingles (lesson);
CREATE TABLE links (
    lesson INTEGER NOT NULL REFERENCES lessons (id),
    other INTEGER NOT NULL REFERENCES lessons (id),
    share REAL NOT NULL,
    PRIMARY KEY (lesson, other)
) WITHOUT ROWID;
