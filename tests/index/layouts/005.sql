-- The catalogue: the one truth of a library. What finds passages is made from it, without reading a file again.
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO meta VALUES ('generation', '0'), ('revision', '0');
CREATE TABLE sources (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    path TEXT NOT NULL UNIQUE,
    sha256 TEXT NOT NULL,
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    media_type TEXT NOT NULL,
    title TEXT NOT NULL,
    text TEXT NOT NULL,
    page_starts TEXT NOT NULL,
    warnings TEXT NOT NULL,
    indexed_at TEXT NOT NULL,
    archived INTEGER NOT NULL DEFAULT 0,
    reading INTEGER NOT NULL DEFAULT 1
);
CREATE TABLE lessons (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    lesson_id TEXT NOT NULL UNIQUE,
    source_id INTEGER NOT NULL REFERENCES sources (id),
    ordinal INTEGER NOT NULL,
    title TEXT NOT NULL,
    start INTEGER NOT NULL,
    "end" INTEGER NOT NULL,
    kind TEXT NOT NULL,
    outcome TEXT NOT NULL,
    maturity TEXT NOT NULL,
    event_date TEXT,
    written_date TEXT,
    project TEXT,
    unit TEXT,
    owner TEXT,
    supersedes TEXT,
    superseded_by TEXT,
    url TEXT,
    sections TEXT NOT NULL,
    provenance TEXT NOT NULL,
    archived INTEGER NOT NULL DEFAULT 0,
    phase TEXT,
    severity TEXT,
    topics TEXT NOT NULL DEFAULT '[]',
    causes TEXT NOT NULL DEFAULT '[]',
    actions TEXT NOT NULL DEFAULT '[]',
    contributors TEXT NOT NULL DEFAULT '[]',
    collection TEXT,
    access TEXT,
    first_day TEXT
        AS (coalesce(event_date, written_date) || substr('0000-01-01', length(coalesce(event_date, written_date)) + 1)) VIRTUAL,
    last_day TEXT
        AS (coalesce(event_date, written_date) || substr('0000-12-31', length(coalesce(event_date, written_date)) + 1)) VIRTUAL
);
CREATE INDEX lessons_by_source ON lessons (source_id);
CREATE INDEX lessons_by_superseded ON lessons (supersedes) WHERE supersedes IS NOT NULL;
CREATE TABLE passages (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    lesson INTEGER NOT NULL REFERENCES lessons (id),
    start INTEGER NOT NULL,
    "end" INTEGER NOT NULL,
    text TEXT NOT NULL,
    section TEXT NOT NULL,
    page INTEGER,
    header TEXT NOT NULL,
    place TEXT NOT NULL DEFAULT ''
);
CREATE INDEX passages_by_lesson ON passages (lesson);
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
    backend TEXT NOT NULL,
    basis BLOB
);
CREATE TABLE embeddings (
    passage INTEGER NOT NULL REFERENCES passages (id) ON DELETE CASCADE,
    model INTEGER NOT NULL REFERENCES models (id),
    vector BLOB NOT NULL,
    PRIMARY KEY (passage, model)
);
-- Vectors of the passages' tokens, packed; of models that have a basis to pack them by.
CREATE TABLE tokens (
    passage INTEGER NOT NULL REFERENCES passages (id) ON DELETE CASCADE,
    model INTEGER NOT NULL REFERENCES models (id),
    vectors BLOB NOT NULL,
    PRIMARY KEY (passage, model)
);
-- Passages that were deleted since the engine last gathered itself, by the generation without them.
CREATE TABLE gone (passage INTEGER PRIMARY KEY, generation INTEGER NOT NULL);
CREATE INDEX gone_by_generation ON gone (generation);
CREATE TRIGGER passage_gone AFTER DELETE ON passages BEGIN
    INSERT INTO gone VALUES (old.id, (SELECT value FROM meta WHERE key = 'generation') + 1);
END;
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
-- What living lessons say that an acronym stands for: the stems of the full name's words.
CREATE TABLE acronyms (
    short TEXT NOT NULL COLLATE NOCASE,
    lesson INTEGER NOT NULL REFERENCES lessons (id),
    "full" TEXT NOT NULL,
    PRIMARY KEY (short, lesson, "full")
) WITHOUT ROWID;
CREATE INDEX acronyms_by_full ON acronyms ("full", lesson);
CREATE INDEX acronyms_by_lesson ON acronyms (lesson);
-- Living lessons whose events were compared with those of others, and pairs of them where one repeats the other.
CREATE TABLE examined (lesson INTEGER PRIMARY KEY REFERENCES lessons (id)) WITHOUT ROWID;
CREATE TABLE repeats (
    lesson INTEGER NOT NULL REFERENCES lessons (id),
    other INTEGER NOT NULL REFERENCES lessons (id),
    score REAL NOT NULL,
    PRIMARY KEY (lesson, other)
) WITHOUT ROWID;
CREATE INDEX repeats_by_other ON repeats (other);
