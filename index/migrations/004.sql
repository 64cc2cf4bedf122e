-- From layout 3: vectors of tokens, which `lessons reindex` makes for passages that came before.
ALTER TABLE models ADD COLUMN basis BLOB;
CREATE TABLE tokens (
    passage INTEGER NOT NULL REFERENCES passages (id) ON DELETE CASCADE,
    model INTEGER NOT NULL REFERENCES models (id),
    vectors BLOB NOT NULL,
    PRIMARY KEY (passage, model)
);
