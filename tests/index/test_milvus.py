import logging
import math
import os
import socket
import sys
import uuid
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import grpc
import numpy as np
import pytest

from index.analysis import words_of
from index.engine import Place
from index.filters import Selection
from index.milvus.engine import MilvusEngine
from index.milvus.expression import LONGEST, cell, expression, matches_nothing
from index.passages import Batch
from index.selection import ONE_VALUE
from ingest.errors import LibraryError
from tests.index.milvus_server import Milvus2, MilvusLite

DIMENSION = 16
HOSTILE = (
    'x" or id > 0 or outcome == "',
    "it's",
    "back\\slash",
    "\\",
    "two\nlines",
    "nul\0",
    "half \ud800 of a character",
    "日本 é e\u0301 🚰",
    "% _",
    "sha256:" + "0" * 64,
    "long " * 1000,
    "",
)


class FakeCatalogue:
    """Passages in memory, in the catalogue's place."""

    def __init__(self):
        self.passages = {}
        self.records = {}
        self.largest = 0

    def put(self, number, text="", *, lesson=None, vector=None, **fields):
        lesson = number if lesson is None else lesson
        if vector is None:
            vector = np.random.default_rng(number).normal(size=DIMENSION)
        self.passages[number] = (lesson, text, np.asarray(vector / np.linalg.norm(vector), np.float32))
        empty = dict.fromkeys((*ONE_VALUE, "first_day", "last_day"), "")
        self.records[lesson] = empty | {"topics": [], "causes": [], "source_id": 1} | fields
        return number

    def batches(self, ids, model):
        living = [number for number in ids if number in self.passages]
        for at in range(0, len(living), 500):
            batch = living[at : at + 500]
            self.largest = max(self.largest, len(batch))
            lessons, texts, vectors = zip(*(self.passages[number] for number in batch), strict=True)
            yield Batch(batch, list(lessons), list(texts), np.stack(vectors))

    def fields(self, lessons):
        return {lesson: self.records[lesson] for lesson in lessons}

    def vectors_of_passages(self, ids, model):
        return {number: self.passages[number][::2] for number in ids if number in self.passages}

    def passage_ids(self):
        return np.array(sorted(self.passages), np.int64)

    def nearest(self, vector, k, wanted=lambda record: True):
        found = [
            (-float(own @ vector), number)
            for number, (lesson, _, own) in self.passages.items()
            if wanted(self.records[lesson])
        ]
        return [number for _, number in sorted(found)[:k]]


@pytest.fixture(params=["milvus_2", "milvus_lite"], scope="module")
def address(request):
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="module")
def place(address, tmp_path_factory):
    return a_place(address, tmp_path_factory.mktemp("library"))


@pytest.fixture
def catalogue():
    return FakeCatalogue()


@pytest.fixture
def engine(place, catalogue):
    """An empty one; the collections are used again, since making them takes a real server six seconds."""
    made = an_engine(place, catalogue)
    made.repair(-1)
    yield made
    made.close()


def an_engine(place: Place, catalogue: Any) -> Any:
    return MilvusEngine(place, catalogue)


def a_place(address, folder, **more):
    return Place(folder, f"test{uuid.uuid4().hex}", 1, DIMENSION, address, **more)


def a_vector(seed=0):
    vector = np.random.default_rng(1_000_000 + seed).normal(size=DIMENSION)
    return np.asarray(vector / np.linalg.norm(vector), np.float32)


def ids(ranked):
    return ranked.ids.tolist()


# -- without a server


def test_no_value_ends_the_string_it_stands_in():
    for value in HOSTILE:
        stored = cell(value)
        assert stored.isprintable()
        assert not {'"', "'", "\\"} & set(stored)
        assert len(stored.encode()) <= LONGEST
    assert len({cell(value) for value in HOSTILE}) == len(HOSTILE)
    assert cell("Water & Sewage, Ümraniye") == "Water & Sewage, Ümraniye"


def test_a_selection_becomes_an_expression():
    selection = Selection((("outcome", ("failure", "")), ("topics", ("water",))), "2020-01-01", "2021-12-31", (7,))
    assert expression(selection) == (
        'outcome in ["failure", ""] and array_contains_any(topics, ["water"]) and last_day >= "2020-01-01" and '
        '(first_day <= "2021-12-31" and first_day != "") and (source_id in [7])'
    )
    assert expression(None) == expression(Selection()) == ""


def test_many_sources_in_a_row_make_a_short_expression():
    assert expression(Selection(sources=(9, 1, 2, 3, 4, 6))) == (
        "((source_id >= 1 and source_id <= 4) or source_id in [6, 9])"
    )
    assert len(expression(Selection(sources=tuple(range(100_000))))) < 100


def test_a_selection_that_cannot_match_is_known():
    assert matches_nothing(Selection((("outcome", ()),)))
    assert matches_nothing(Selection(sources=()))
    assert not matches_nothing(Selection((("outcome", ("",)),)))
    assert not matches_nothing(None)


def test_without_the_client_the_message_says_how_to_install_it(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pymilvus", None)
    with pytest.raises(LibraryError, match=r"pip install 'lessons\[milvus\]'"):
        an_engine(a_place("http://127.0.0.1:1", tmp_path), FakeCatalogue())


def test_an_address_is_needed(tmp_path):
    with pytest.raises(LibraryError, match="LESSONS_ADDRESS"):
        an_engine(a_place("", tmp_path), FakeCatalogue())


@pytest.mark.parametrize(
    "address", ["http://ann:secret@127.0.0.1:1", "nonsense://ann:secret@127.0.0.1:1", "secret@x:1"]
)
def test_a_server_that_is_not_there_is_named_without_secrets(tmp_path, address, capfd):
    with pytest.raises(LibraryError) as raised:
        an_engine(a_place(address, tmp_path, token="ann:secret"), FakeCatalogue())
    assert raised.value.remedy
    assert "secret" not in str(raised.value)
    assert "secret" not in "".join(capfd.readouterr())


def test_a_token_that_is_refused_is_told_from_a_server_that_is_not_there(tmp_path):
    class Refuses(grpc.GenericRpcHandler):  # type: ignore[misc]
        def service(self, details):
            refuse = lambda request, context: context.abort(grpc.StatusCode.UNAUTHENTICATED, "not ann:secret")  # noqa: E731
            return grpc.unary_unary_rpc_method_handler(refuse)

    server = grpc.server(ThreadPoolExecutor(1), handlers=[Refuses()])
    address = f"http://127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    with pytest.raises(LibraryError, match=f"{address} does not accept the token") as raised:
        an_engine(a_place(address, tmp_path, token="ann:secret"), FakeCatalogue())
    server.stop(None).wait()
    assert "LESSONS_TOKEN" in raised.value.remedy
    assert "secret" not in str(raised.value)


def test_a_server_that_does_not_answer_is_not_waited_for_long(tmp_path, monkeypatch):
    monkeypatch.setattr("index.milvus.server.OPEN", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as mute, pytest.raises(LibraryError, match="took too long"):
        an_engine(a_place(f"http://127.0.0.1:{mute.getsockname()[1]}", tmp_path), FakeCatalogue())


def test_the_client_reads_no_settings_around_it_and_is_silent():
    assert "PYTHON_DOTENV_DISABLED" not in os.environ
    assert logging.getLogger("pymilvus").level == logging.CRITICAL


# -- on both servers


def test_an_empty_library_finds_nothing(engine):
    assert engine.generation() == -1
    assert engine.view(0) is None
    view = engine.view(0, anyway=True)
    for selection in (None, Selection((("outcome", ("failure",)),))):
        assert ids(view.near(a_vector(), 5, selection)) == []
        assert ids(view.matching(["pump"], 5, selection)) == []
    assert set(view.rarity(["pump"])) == {"pump"}
    assert engine.check() == ""


def test_what_came_is_found_and_what_went_is_not(engine, catalogue):
    for number in range(1, 31):
        catalogue.put(number)
    engine.update(1, range(1, 31), ())
    engine.settle()
    view = engine.view(1)
    assert ids(view.near(a_vector(), 5)) == catalogue.nearest(a_vector(), 5)
    assert sorted(ids(view.near(a_vector(), 100))) == list(range(1, 31))
    assert ids(view.near(a_vector(), 0)) == []

    gone = catalogue.nearest(a_vector(), 10)
    for number in gone:
        del catalogue.passages[number]
    catalogue.put(31)
    engine.update(2, [31], gone)
    assert engine.view(1) is None, "the commit may still fail"
    assert set(gone) <= set(ids(engine.view(2).near(a_vector(), 100))), "and then they are still there"
    engine.settle()
    found = ids(engine.view(2).near(a_vector(), 100))
    assert found == catalogue.nearest(a_vector(), 100)
    assert engine.check() == ""
    engine.compact()
    assert ids(engine.view(2).near(a_vector(), 100)) == found


def test_scores_are_cosine_similarities_best_first(engine, catalogue):
    catalogue.put(1, vector=a_vector() * 3)
    catalogue.put(2, vector=a_vector(1))
    engine.update(1, [1, 2], ())
    found = engine.view(1).near(a_vector(), 2)
    assert ids(found) == [1, 2]
    assert found.scores.dtype == np.float32
    assert found.scores == pytest.approx([1.0, float(a_vector() @ a_vector(1))], abs=1e-5)


def test_another_process_sees_the_generation_and_its_passages(engine, catalogue, place):
    for number in range(1, 6):
        catalogue.put(number)
    engine.update(7, range(1, 6), ())
    reader = an_engine(place, catalogue)
    assert reader.generation() == 7
    assert len(ids(reader.view(7).near(a_vector(), 9))) == 5
    catalogue.put(6)
    engine.update(8, [6], ())
    assert len(ids(reader.view(8).near(a_vector(), 9))) == 6
    assert reader.view(9) is None
    assert reader.view(9, anyway=True) is not None
    reader.close()


def test_what_was_not_settled_is_settled_by_another_process(engine, catalogue, place):
    numbers = [catalogue.put(number) for number in range(1, 8001)]
    engine.update(1, numbers, ())
    for number in numbers[10:]:
        del catalogue.passages[number]
    engine.update(2, (), numbers[10:])  # the ids take more than one row of the ledger
    later = an_engine(place, catalogue)
    later.update(3, [catalogue.put(9000)], ())
    assert sorted(ids(later.view(3).near(a_vector(), 100))) == [*range(1, 11), 9000]
    assert later.check() == ""
    later.close()


def test_a_commit_that_failed_is_repaired(engine, catalogue, place):
    engine.update(1, [catalogue.put(number) for number in (1, 2, 3)], ())
    engine.settle()
    held = dict(catalogue.passages)
    del catalogue.passages[1]
    engine.update(2, [catalogue.put(4)], [1])
    catalogue.passages = held  # rolled back
    later = an_engine(place, catalogue)
    assert later.generation() == 2
    assert later.repair(1) == "0 passages put in, 1 taken out"
    assert later.generation() == 1
    later.settle()
    assert sorted(ids(later.view(1).near(a_vector(), 9))) == [1, 2, 3]
    assert later.check() == ""
    later.close()


def test_a_commit_that_failed_deletes_nothing_even_without_repair(engine, catalogue):
    engine.update(1, [catalogue.put(number) for number in (1, 2)], ())
    engine.settle()
    engine.update(2, (), [1])  # the commit fails: 1 stays
    engine.update(2, [catalogue.put(3)], ())
    engine.settle()
    assert sorted(ids(engine.view(2).near(a_vector(), 9))) == [1, 2, 3]


def test_an_update_that_was_cut_short_is_seen(engine, catalogue, place, monkeypatch):
    engine.update(1, [catalogue.put(1)], ())
    put = catalogue.batches

    def cut_short(ids, model):
        yield from put(ids, model)
        raise KeyboardInterrupt

    catalogue.batches = cut_short
    with pytest.raises(KeyboardInterrupt):
        engine.update(2, [catalogue.put(2)], ())
    catalogue.batches = put
    del catalogue.passages[2]
    assert engine.view(1) is not None, "readers go on"
    later = an_engine(place, catalogue)
    assert later.generation() == -1
    assert later.repair(1) == "0 passages put in, 1 taken out"
    assert later.generation() == 1
    later.close()


def test_repair_makes_everything_anew(engine, catalogue):
    for number in range(1, 1001):
        catalogue.put(number)
    assert engine.check().startswith("1,000 passages are not in")
    assert engine.repair(5) == "1,000 passages put in, 0 taken out"
    assert engine.generation() == 5
    assert len(ids(engine.view(5).near(a_vector(), 2000))) == 1000


def test_a_passage_stored_twice_is_found_once(engine, catalogue):
    engine.update(1, [catalogue.put(1)], ())
    engine.update(2, [catalogue.put(1, vector=a_vector())], ())
    found = engine.view(2).near(a_vector(), 9)
    assert ids(found) == [1]
    assert found.scores == pytest.approx([1.0], abs=1e-5)


# -- filters


@pytest.fixture(scope="module")
def varied(address, tmp_path_factory):
    """A library whose records have every kind of value; nothing is changed in it."""
    catalogue = FakeCatalogue()
    outcomes = ("failure", "success", "")
    for number in range(1, 241):
        day = ("", "2019-12-31", "2020-06-15", "2021-01-01")[number % 4]
        catalogue.put(
            number,
            "pump " * (number % 3 + 1),
            lesson=number // 2,
            outcome=outcomes[number // 2 % 3],
            unit=HOSTILE[number // 2 % len(HOSTILE)],
            lesson_id=f"№ {number // 2} “é”",
            topics=[["water", HOSTILE[0]], ["power"], []][number // 2 % 3],
            first_day=day and f"{day[:4]}-01-01",
            last_day=day,
            source_id=number // 20,
        )
    made = an_engine(a_place(address, tmp_path_factory.mktemp("varied")), catalogue)
    made.update(1, list(catalogue.passages), ())
    yield SimpleNamespace(view=made.view(1), catalogue=catalogue, has_words="no words" not in made.describe())
    made.discard()
    made.close()


SELECTIONS = {
    "outcome": (Selection((("outcome", ("failure",)),)), lambda r: r["outcome"] == "failure"),
    "no outcome": (Selection((("outcome", ("", "success")),)), lambda r: r["outcome"] != "failure"),
    "topic": (Selection((("topics", ("power", "none such")),)), lambda r: "power" in r["topics"]),
    "no topic": (Selection((("topics", ("",)),)), lambda r: not r["topics"]),
    "hostile topic": (Selection((("topics", (HOSTILE[0],)),)), lambda r: HOSTILE[0] in r["topics"]),
    "no cause": (Selection((("causes", ("",)),)), lambda r: True),
    "id": (Selection((("lesson_id", ("№ 7 “é”",)),)), lambda r: r["lesson_id"] == "№ 7 “é”"),
    "since": (Selection(since="2020-01-01"), lambda r: r["last_day"] >= "2020-01-01"),
    "until": (Selection(until="2020-12-31"), lambda r: "" < r["first_day"] <= "2020-12-31"),
    "period": (
        Selection(since="2020-01-01", until="2020-12-31"),
        lambda r: r["last_day"] >= "2020-01-01" and "" < r["first_day"] <= "2020-12-31",
    ),
    "sources": (Selection(sources=(1, 3, 4, 5, 11)), lambda r: r["source_id"] in (1, 3, 4, 5, 11)),
    "all together": (
        Selection((("outcome", ("failure",)), ("topics", ("water",))), "2020-01-01", "", tuple(range(6))),
        lambda r: (
            r["outcome"] == "failure"
            and "water" in r["topics"]
            and r["last_day"] >= "2020-01-01"
            and r["source_id"] < 6
        ),
    ),
    "nothing": (Selection((("outcome", ()),)), lambda r: False),
    "no source": (Selection(sources=()), lambda r: False),
    "unknown value": (Selection((("project", ("none such",)),)), lambda r: False),
} | {
    f"hostile {number}": (Selection((("unit", (value,)),)), lambda r, value=value: r["unit"] == value)
    for number, value in enumerate(HOSTILE)
}


@pytest.mark.parametrize("name", SELECTIONS)
def test_filters_act_in_both_searches(varied, name):
    selection, wanted = SELECTIONS[name]
    expected = varied.catalogue.nearest(a_vector(), 500, wanted)
    assert ids(varied.view.near(a_vector(), 500, selection)) == expected
    assert ids(varied.view.near(a_vector(), 3, selection)) == expected[:3]
    if varied.has_words:
        assert set(ids(varied.view.matching(["pump"], 500, selection))) == set(expected)
    else:
        assert ids(varied.view.matching(["pump"], 500, selection)) == []


# -- words


def test_words_are_ranked_by_bm25_where_the_server_can(milvus_lite, tmp_path, catalogue):
    engine = an_engine(a_place(milvus_lite, tmp_path), catalogue)
    texts = [
        "The pumps failed. Pumping stopped.",
        "A pump was ordered, and the filters, valves, hoses and seals of three stations were cleaned on Friday.",
        "The convoy was late.",
        "naïve Über-planning in 北京",
        "the of and",
        "",
        "word " * 30_000,
    ]
    engine.update(1, [catalogue.put(number, text) for number, text in enumerate(texts, 1)], ())
    view = engine.view(1)
    found = view.matching(words_of("Why did the pump fail?"), 10)
    assert ids(found) == [1, 2]
    assert (np.diff(found.scores) <= 0).all()
    assert (found.scores > 0).all()
    assert ids(view.matching([*words_of("convoy"), *words_of("late")], 1)) == [3]
    assert ids(view.matching(words_of("ÜBER naive 北京"), 5)) == [4]
    assert ids(view.matching([], 5)) == ids(view.matching(["nowher"], 5)) == []
    assert ids(view.matching(['pump" or id > 0 or "'], 5)) in ([], [1, 2])
    rarity = view.rarity(["pump", "convoy", "nowher", '") or id > 0'])
    assert rarity["pump"] == pytest.approx(math.log(1 + (7 - 2 + 0.5) / 2.5))
    assert rarity["pump"] < rarity["convoy"] < rarity["nowher"] == rarity['") or id > 0']
    assert engine.describe() == "milvus-lite 3.2.2 (FLAT, words)"
    engine.discard()
    engine.close()


def test_a_collection_gets_words_after_an_update_of_the_server(milvus_lite, tmp_path, catalogue, monkeypatch):
    place = a_place(milvus_lite, tmp_path)
    with monkeypatch.context() as before:
        before.setattr("index.milvus.server.Server.has_words", False)
        old = an_engine(place, catalogue)
        old.update(1, [catalogue.put(1, "pump")], ())
        assert old.check() == ""
        old.close()
    engine = an_engine(place, catalogue)
    assert ids(engine.view(1).near(a_vector(), 5)) == [1]
    assert ids(engine.view(1).matching(["pump"], 5)) == []
    assert "lessons compact makes it anew" in engine.check()
    engine.update(2, [catalogue.put(2, "pump")], ())
    engine.compact()
    assert engine.generation() == 2
    assert sorted(ids(engine.view(2).matching(["pump"], 5))) == [1, 2]
    assert engine.check() == ""
    engine.discard()
    engine.close()


def test_a_server_without_words_says_so(milvus_2, tmp_path, catalogue):
    engine = an_engine(a_place(milvus_2, tmp_path), catalogue)
    engine.update(1, [catalogue.put(1, "pump")], ())
    assert ids(engine.view(1).matching(["pump"], 5)) == []
    assert len(set(engine.view(1).rarity(["pump", "nowher"]).values())) == 1
    assert engine.describe() == "milvus 2.3.5-lite (HNSW, no words: they need Milvus 2.5)"
    engine.discard()
    engine.close()


# -- many passages


@pytest.mark.parametrize(("server", "count"), [("milvus_2", 20_000), ("milvus_lite", 5_000)])
def test_many_passages_are_streamed_and_a_narrow_filter_loses_none(request, tmp_path, server, count):
    catalogue = FakeCatalogue()
    for number in range(1, count + 1):
        catalogue.put(number, f"pump {number}", outcome="failure" if number % 50 == 0 else "success")
    engine = an_engine(a_place(request.getfixturevalue(server), tmp_path), catalogue)
    engine.update(1, range(1, count + 1), ())
    assert catalogue.largest <= 500
    view = engine.view(1)
    narrow = Selection((("outcome", ("failure",)),))
    for k in (10, 100, 200):
        for seed in range(5):
            expected = catalogue.nearest(a_vector(seed), k, lambda record: record["outcome"] == "failure")[:k]
            assert set(ids(view.near(a_vector(seed), k, narrow))) == set(expected)
            assert len(ids(view.near(a_vector(seed), k, Selection((("outcome", ("success",)),))))) == k
    engine.discard()
    engine.close()


# -- a server that ends


@pytest.mark.parametrize("kind", [Milvus2, MilvusLite])
def test_what_was_stored_outlives_a_server_that_is_killed(tmp_path, kind, capfd):
    server, catalogue = kind(tmp_path / "server"), FakeCatalogue()
    server.start()
    try:
        place = a_place(server.address, tmp_path)
        engine = an_engine(place, catalogue)
        engine.update(3, [catalogue.put(number, "pump") for number in range(1, 1201)], ())
        engine.update(4, (), [catalogue.passages.pop(1) and 1])
        view = engine.view(4)
        server.kill()
        for call in (lambda: view.near(a_vector(), 5), engine.generation, engine.settle, engine.check):
            with pytest.raises(LibraryError, match=f"No Milvus server answers at {server.address}") as raised:
                call()
            assert raised.value.remedy
        with pytest.raises(LibraryError, match="No Milvus server answers"):
            an_engine(place, catalogue)

        server.start()
        assert engine.generation() == 4
        engine.settle()
        assert len(ids(engine.view(4).near(a_vector(), 2000))) == 1199
        later = an_engine(place, catalogue)
        assert later.generation() == 4
        assert later.check() == ""
        later.close()
        engine.close()
    finally:
        server.kill()
    assert "pymilvus" not in capfd.readouterr().err
