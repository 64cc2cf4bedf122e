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
    archived INTEGER NOT NULL DEFAULT 0
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
    archived INTEGER NOT NULL DEFAULT 0
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
    embedding BLOB NOT NULL
);
CREATE INDEX passages_by_lesson ON passages (lesson);
