-- From layout 3: vectors of tokens, which `lessons reindex` makes, and acronyms, which are learned at the next writing.
ALTER TABLE models ADD COLUMN basis BLOB;
CREATE TABLE tokens (
    passage INTEGER NOT NULL REFERENCES passages (id) ON DELETE CASCADE,
    model INTEGER NOT NULL REFERENCES models (id),
    vectors BLOB NOT NULL,
    PRIMARY KEY (passage, model)
);
-- What living lessons say that an acronym stands for: the stems of the full name's words.
CREATE TABLE acronyms (
    short TEXT NOT NULL COLLATE NOCASE,
    lesson INTEGER NOT NULL REFERENCES lessons (id),
    "full" TEXT NOT NULL,
    PRIMARY KEY (short, lesson, "full")
) WITHOUT ROWID;
CREATE INDEX acronyms_by_full ON acronyms ("full", lesson);
CREATE INDEX acronyms_by_lesson ON acronyms (lesson);
