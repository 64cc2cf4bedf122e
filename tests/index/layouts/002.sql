-- The catalogue: the one truth of a library. Vectors and words are rebuilt from it without reading a file again.
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
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
    contributors TEXT NOT NULL DEFAULT '[]'
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
    embedding BLOB NOT NULL,
    place TEXT NOT NULL DEFAULT ''
);
CREATE INDEX passages_by_lesson ON passages (lesson);
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
