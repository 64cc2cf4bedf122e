-- From layout 2: vectors of several models beside each other, and the days a filter compares.
INSERT OR IGNORE INTO meta VALUES ('generation', '0');
INSERT OR IGNORE INTO meta VALUES ('revision', '0');
DELETE FROM meta WHERE key = 'published';
ALTER TABLE lessons ADD COLUMN collection TEXT;
ALTER TABLE lessons ADD COLUMN access TEXT;
ALTER TABLE lessons ADD COLUMN first_day TEXT
        AS (coalesce(event_date, written_date) || substr('0000-01-01', length(coalesce(event_date, written_date)) + 1)) VIRTUAL;
ALTER TABLE lessons ADD COLUMN last_day TEXT
        AS (coalesce(event_date, written_date) || substr('0000-12-31', length(coalesce(event_date, written_date)) + 1)) VIRTUAL;
-- What a filter looks at, without the texts that lie beside it.
CREATE INDEX lessons_by_field ON lessons (
    archived, outcome, kind, maturity, severity, phase, project, unit, owner, collection, access, first_day, last_day,
    source_id, lesson_id
);
CREATE INDEX lessons_by_name ON lessons (lesson_id COLLATE NOCASE);
CREATE INDEX lessons_by_title ON lessons (title COLLATE NOCASE);
-- The embedding models that the library's passages have vectors of; `meta` says which one serves.
CREATE TABLE models (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    dimension INTEGER NOT NULL,
    probe TEXT NOT NULL,
    backend TEXT NOT NULL
);
-- The model that made the vectors so far; `Manifest` fills in what manifest.json says of it.
INSERT INTO models SELECT 1, '', 0, '', '' WHERE EXISTS (SELECT 1 FROM passages);
CREATE TABLE embeddings (
    passage INTEGER NOT NULL REFERENCES passages (id) ON DELETE CASCADE,
    model INTEGER NOT NULL REFERENCES models (id),
    vector BLOB NOT NULL,
    PRIMARY KEY (passage, model)
);
-- Passages that were deleted since the engine last gathered itself, by the generation without them.
CREATE TABLE gone (passage INTEGER PRIMARY KEY, generation INTEGER NOT NULL);
CREATE INDEX gone_by_generation ON gone (generation);
INSERT INTO embeddings (passage, model, vector) SELECT id, 1, embedding FROM passages;
ALTER TABLE passages DROP COLUMN embedding;
CREATE TRIGGER passage_gone AFTER DELETE ON passages BEGIN
    INSERT INTO gone VALUES (old.id, (SELECT value FROM meta WHERE key = 'generation') + 1);
END;
