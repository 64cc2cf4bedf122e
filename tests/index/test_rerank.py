"""The second stage of a search, and the vectors of tokens it needs, in a library."""

import pytest

from index.library import Library
from index.maintenance import compact, faults
from index.reindex import reindex
from index.settings import IndexSettings
from tests.fakes import HashEmbedder, a_library, prepared
from tests.index.test_database import make_old

WORDS = "pump filter valve router cable tent convoy bridge clinic vaccine chlorine generator fuel radio ladder".split()
TERSE = "# Pump\n\nThe pump, the pump, the pump.\n"
LONG = f"# Log\n\nThe pump stopped; its filter, its valve: {' '.join(WORDS[3:])}.\n"
QUERY = "which pump has a filter and a valve"


class Worded(HashEmbedder):
    """One that knows words, so that vectors of tokens are kept."""

    def __init__(self, name="fake:worded", dimension=512):
        super().__init__(name, dimension)
        self.embedded = 0

    def vocabulary(self):
        return WORDS

    def documents(self, texts):
        self.embedded += len(texts)
        return super().documents(texts)


@pytest.fixture
def library(tmp_path):
    with a_library(tmp_path / "library", embedder=Worded()) as library:
        fill(library)
        yield library


def fill(library):
    notes = {"terse.md": TERSE, "long.md": LONG}
    for number, word in enumerate(WORDS):
        unit = ("Water", "Digital")[number % 2]
        notes[f"{word}.md"] = f"---\nunit: {unit}\n---\n# About {word}\n\nThe {word} and the {WORDS[number - 1]}.\n"
    library.add([prepared(library, name, text) for name, text in notes.items()])


def opened(tmp_path, embedder=None, **settings):
    return Library.open(tmp_path / "library", IndexSettings(**settings), embedder=embedder or Worded())


def tokens(library, model=None):
    """The packed vectors, by the text of their passage."""
    sql = "SELECT p.text, t.vectors FROM tokens t JOIN passages p ON p.id = t.passage WHERE t.model = ?"
    return {row["text"]: row["vectors"] for row in library.catalogue.rows(sql, (model or library.manifest.model,))}


def forget(library, condition="1"):
    with library.catalogue.transaction():
        library.catalogue.rows(f"DELETE FROM tokens WHERE {condition}")


def ids(library, query=QUERY, **options):
    return [hit.lesson_id for hit in library.search(query, **options).hits]


# -- what is kept


def test_each_passage_has_vectors_of_its_tokens(library):
    width = -(-library.manifest.directions.shape[1] // 2)
    sql = "SELECT p.header || ' ' || p.text, t.vectors FROM passages p LEFT JOIN tokens t ON t.passage = p.id"
    for text, packed in library.catalogue.rows(sql):
        assert len(packed) == width * len(library.embedder.tokens(text))
    assert library.manifest.to_json()["token_vectors"] is True
    assert faults(library) == []


def test_those_of_passages_that_stay_are_not_made_again(library):
    parts = [f"## Part {word}\n\n{f'{word} ' * 50}" for word in WORDS[:4]]
    library.add([prepared(library, "parts.md", "\n\n".join(parts))])
    before, embedded = tokens(library), library.embedder.embedded
    library.add([prepared(library, "parts.md", "\n\n".join([*parts, "## Last\n\nThe ladder fell."]))])
    assert library.embedder.embedded == embedded + 1
    after = tokens(library)
    assert len(after) == len(before) + 1
    assert before.items() <= after.items()


def test_they_go_with_their_passages(library):
    library.add([prepared(library, "terse.md", "# Tent\n\nThe tent.\n")])
    library.remove(["/documents/long.md", "/documents/pump.md"])
    kept = [row[0] for row in library.catalogue.rows("SELECT passage FROM tokens ORDER BY 1")]
    assert kept == library.catalogue.passage_ids().tolist()
    assert faults(library) == []


def test_none_are_kept_where_the_settings_want_none(tmp_path):
    settings = IndexSettings(token_vectors=False)
    with a_library(tmp_path / "library", settings=settings, embedder=Worded()) as library:
        fill(library)
        assert library.catalogue.rows("SELECT 1 FROM tokens") == []
        assert library.manifest.to_json()["token_vectors"] is False
        assert faults(library) == []
        library.tune({"ranking": {"neighbours": 0.0}})
        assert ids(library, k=50) == ids(library, k=50, rerank=False)
    with opened(tmp_path) as library:  # it stays as it was made
        library.add([prepared(library, "new.md", "# Tent\n\nThe tent.\n")])
        assert library.catalogue.rows("SELECT 1 FROM tokens") == []


def test_going_back_to_a_model_that_had_none_makes_none(tmp_path):
    with a_library(tmp_path / "library", settings=IndexSettings(token_vectors=False), embedder=Worded()) as library:
        fill(library)
    with opened(tmp_path) as library:
        reindex(library, "fake:other", embedder=Worded("fake:other", dimension=100))
    with opened(tmp_path, Worded("fake:other", dimension=100)) as library:
        first = Worded()
        assert reindex(library, embedder=first).embedded == first.embedded == 0
    with opened(tmp_path) as library:
        assert (library.catalogue.rows("SELECT basis FROM models WHERE id = 1")[0][0], faults(library)) == (None, [])


# -- earlier libraries, other models


def test_a_library_of_layout_3_serves_and_reindexing_fills_it(library, tmp_path):
    before = tokens(library)
    ranked = ids(library, k=50)
    library.close()
    make_old(tmp_path / "library", "003")
    with opened(tmp_path) as old, opened(tmp_path) as reader:
        plain = ids(old, k=50)
        assert plain == ids(reader, k=50) != ranked
        assert set(plain) == set(ranked)
        assert (tokens(old), faults(old)) == ({}, [])
        report = reindex(old, "fake:worded", embedder=Worded())
        assert (report.embedded, report.passages) == (len(before), len(before))
        assert tokens(old) == before
        assert ids(old, k=50) == ids(reader, k=50) == ranked  # both had it open all along
        reader.add([prepared(reader, "new.md", "# Tent\n\nThe tent.\n")])
        assert faults(old) == []


def test_another_model_brings_its_own_and_compaction_drops_the_others(library, tmp_path):
    first, number = library.manifest.model, len(tokens(library))
    reindex(library, "fake:other", embedder=Worded("fake:other", dimension=100))
    with opened(tmp_path, Worded("fake:other", dimension=100)) as changed:
        second = changed.manifest.model
        assert len(tokens(changed, first)) == len(tokens(changed, second)) == number
        ranked = ids(changed, k=50)
        assert ranked != ids(changed, k=50, rerank=False)
        compact(changed)
        assert (len(tokens(changed, first)), len(tokens(changed, second))) == (0, number)
        assert ids(changed, k=50) == ranked
        assert faults(changed) == []


def test_passages_that_lack_them_are_found_reported_and_filled(library):
    before = tokens(library)
    everything = set(ids(library, k=50))
    forget(library, "passage % 2")
    assert 0 < len(tokens(library)) < len(before)
    assert set(ids(library, k=50)) == everything
    (fault,) = faults(library)
    assert "lessons reindex --embedder fake:worded" in fault
    assert reindex(library, "fake:worded", embedder=Worded()).embedded == len(before) - len(before) // 2
    assert (tokens(library), faults(library)) == (before, [])


# -- the order


def test_the_passage_in_which_each_word_of_the_question_is_comes_first(library):
    library.tune({"ranking": {"rerank": 1.0, "neighbours": 0.0}})
    assert ids(library, "pump filter valve", rerank=True)[0] == "long#1"
    assert ids(library, "pump filter valve", rerank=False)[0] != "long#1"
    forget(library)
    assert ids(library, "pump filter valve") == ids(library, "pump filter valve", rerank=False)


def test_the_setting_decides_unless_the_call_does(library, tmp_path):
    with opened(tmp_path, rerank=False) as plain:
        assert ids(plain, k=50) == ids(library, k=50, rerank=False) != ids(library, k=50)
        assert ids(plain, k=50, rerank=True) == ids(library, k=50)
        assert "rerank" not in plain.search(QUERY).took_ms
    assert library.search(QUERY).took_ms["rerank"] >= 0


@pytest.mark.parametrize("mode", ["hybrid", "dense", "lexical"])
def test_nothing_outside_a_selection_is_found(library, mode):
    for unit, own in (("Water", WORDS[::2]), ("Digital", WORDS[1::2])):
        for query in (QUERY, *WORDS):
            found = ids(library, query, k=50, filters={"unit": unit}, mode=mode)
            assert set(found) <= {f"{word}#1" for word in own}
            assert mode == "lexical" or len(found) == len(own)
    assert ids(library, filters={"unit": "Naval"}, mode=mode) == []


def test_the_same_question_is_answered_the_same(library, tmp_path):
    first = library.search(QUERY, 50).hits
    assert library.search(QUERY, 50).hits == first
    with opened(tmp_path) as again:
        assert again.search(QUERY, 50).hits == first


@pytest.mark.parametrize("rerank", [True, False])
@pytest.mark.parametrize("mode", ["hybrid", "dense", "lexical"])
def test_the_first_do_not_depend_on_how_many_are_asked_for(tmp_path, mode, rerank):
    settings = IndexSettings(candidates=10)
    with a_library(tmp_path / "library", settings=settings, embedder=Worded()) as library:
        fill(library)
        parts = [f"## Part {word}\n\n{f'{word} pump filter ' * 30}" for word in WORDS]
        library.add([prepared(library, "parts.md", "\n\n".join(parts))])
        every = library.search(QUERY, 40, mode=mode, rerank=rerank, per_lesson=1).hits
        assert len(every) > 6
        for k in (1, 3, 5, 10, 15):
            few = library.search(QUERY, k, mode=mode, rerank=rerank, per_lesson=1).hits
            assert [hit.lesson_id for hit in few] == [hit.lesson_id for hit in every[:k]]
        scores = [hit.score for hit in every]
        assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize("query", ["\u200b", "?!", "the of and", "水"])
def test_a_question_without_telling_words_is_answered(library, query):
    assert set(ids(library, query, k=50)) == set(ids(library, query, k=50, rerank=False))
