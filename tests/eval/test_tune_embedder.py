"""The embedder is trained on half of a library's records, and serves only if the other half is found better by it."""

import json
import subprocess
import sys
from dataclasses import replace
from shutil import copytree, move, rmtree

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

import eval.tune_embedder
from eval.contrastive import train
from eval.known_item import known_items
from eval.pairs import Pair, batches, pairs_of
from eval.significance import Difference
from eval.tune import held_out
from eval.tune_embedder import Compared, better, tune_embedder
from eval.untitled import untitled
from index.embedder import MODELS, OWN, PACKAGED, SentenceTransformerEmbedder, locate
from index.library import Library
from index.maintenance import compact, faults
from index.reindex import reindex
from index.settings import IndexSettings
from ingest.errors import BadSettings, ModelError
from tests.fakes import a_library, prepared
from ui.commands import tune as command

THINGS = (
    "pump valve crane ladder truck tent radio boat cable mast stove drain pipe lamp fence gate ramp hose fan".split()
)
PLACES = ("harbour", "hill", "depot")
NAMES = [(thing, place) for thing in THINGS for place in PLACES]
PLAIN = IndexSettings(backend="torch", token_vectors=False)
"""Trained weights are not compared on what could run them, nor the directions of their tokens found: seconds each."""


def note(thing, place, more=""):
    return (
        f"# Broken {thing} near the {place}\n\n## Event\n\nA {thing} stopped while people were working at the {place}, "
        f"and the shift waited.\n\n## Recommendations\n\nInspect every {thing} before it goes to the {place}, and keep "
        f"a spare {thing} in store.{more}\n"
    )


def fill(library):
    for at, (thing, place) in enumerate(NAMES):
        more = f" See Broken {NAMES[at - 1][0]} near the {NAMES[at - 1][1]}." if at % 2 else ""
        library.add([prepared(library, f"{thing}-{place}.md", note(thing, place, more))])


@pytest.fixture(scope="module")
def quick(tmp_path_factory):
    """Needs no model. Tests only read it."""
    with a_library(tmp_path_factory.mktemp("pairs") / "library") as library:
        fill(library)
        yield library


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("embedder") / "library"
    with Library.open(folder, PLAIN, create=True) as library:
        fill(library)
    return folder


@pytest.fixture
def library(made, tmp_path):
    """One by the packaged weights, which a test may change."""
    copytree(made, tmp_path / "library")
    with Library.open(tmp_path / "library", PLAIN.model_copy(update={"embedder": PACKAGED})) as library:
        yield library


def texts_of(library, wanted):
    return [(one, text) for one, text, _ in library.lessons() if wanted(one.lesson_id)]


def test_pairs_hold_nothing_of_a_record_that_is_held_out(quick):
    pairs = pairs_of(quick, 10_000, held_out)
    assert {pair.kind for pair in pairs} == {"title", "advice", "citation"}
    assert not any(held_out(id_) for pair in pairs for id_ in pair.records)
    kept = " ".join(" ".join(text.split()) for _, text in texts_of(quick, lambda id_: not held_out(id_)))
    for pair in pairs:
        assert pair.answer in kept
        assert pair.asked in kept or pair.kind == "citation"
    out = [one.title for one, _ in texts_of(quick, held_out)]
    assert not any(pair.asked.startswith(title) for pair in pairs for title in out)


def test_what_nearly_repeats_a_record_held_out_is_held_out(tmp_path):
    with a_library(tmp_path) as library:
        words = " ".join(f"word{number}" for number in range(60))
        out, kept = (next(f"{n}#1" for n in range(100) if held_out(f"{n}#1") is side) for side in (True, False))
        for id_ in (out, kept):
            text = f"# Note {id_[:-2]}\n\n## Event\n\n{words}.\n"
            library.add([prepared(library, f"{id_[:-2]}.md", text)])
        assert library.get(out).similar
        assert pairs_of(library, 10, held_out) == []
        assert pairs_of(library, 10, lambda _: False) != []


def test_pairs_are_the_same_each_time_and_no_more_than_asked_for(quick):
    pairs = pairs_of(quick, 20, held_out)
    assert len(pairs) == 20
    assert pairs == pairs_of(quick, 20, held_out) == pairs_of(quick, 10_000, held_out)[:20]


def test_an_answer_does_not_say_the_title(quick):
    for pair in pairs_of(quick, 10_000, held_out):
        assert pair.kind != "title" or pair.asked not in pair.answer


def test_records_without_a_title_or_with_the_same_one_make_no_wrong_pairs(tmp_path):
    parts = "## Event\n\nThe pump of crew {0} stopped in the night of the flood, at the old bridge by the river.\n"
    more = "## Recommendations\n\nInspect the pump of crew {0} before the flood season, and keep a spare filter.\n"
    with a_library(tmp_path) as library:
        made = [(n, f"# Safety observation\n\n{parts}{more}".format(n)) for n in range(3)]
        library.add([prepared(library, f"{n}.md", text) for n, text in made])
        with library.committing():
            library.catalogue.rows("UPDATE lessons SET title = '' WHERE lesson_id = '0#1'")
        pairs = pairs_of(library, 100, lambda _: False)
        assert {pair.kind for pair in pairs} == {"advice"}
        assert all("pump of crew" in pair.asked for pair in pairs)


def test_no_record_is_twice_in_a_batch_and_a_small_rest_is_left_out():
    pairs = [Pair("title", f"{n}", f"{m}", frozenset({f"{n}"})) for n in range(9) for m in range(3)]
    found = batches(pairs, 4)
    assert sum(map(len, found)) >= 24
    assert all(2 <= len(batch) <= 4 for batch in found)
    assert all(len({pair.asked for pair in batch}) == len(batch) for batch in found)
    assert batches(pairs[:1], 4) == []


@pytest.fixture(scope="module")
def trained(quick, tmp_path_factory):
    """Weights, and the batches they were trained on."""
    folder = tmp_path_factory.mktemp("trained") / "model"
    steps: list[int] = []
    given = batches(pairs_of(quick, 48, held_out), 16)
    train(locate(PACKAGED), given, folder, steps.append)
    assert steps == list(range(1, len(given) + 1))
    return folder, given


@pytest.fixture
def no_training(trained, monkeypatch):
    """What was trained once is taken each time."""

    def copied(location, given, folder, on_step):
        copytree(trained[0], folder)
        for done in range(1, len(given) + 1):
            on_step(done)

    monkeypatch.setattr(eval.tune_embedder, "train", copied)


def test_training_brings_together_what_belongs_together(trained):
    folder, given = trained
    before, after = (SentenceTransformerEmbedder(name, 64, 32, "torch") for name in (PACKAGED, str(folder)))
    assert (after.dimension, after.max_tokens) == (before.dimension, before.max_tokens)

    def margin(embedder):
        asked, answers = (embedder.documents([getattr(pair, name) for pair in given[0]]) for name in Pair._fields[1:3])
        near = asked @ answers.T
        return float(np.diag(near).mean() - near[~np.eye(len(near), dtype=bool)].mean())

    assert margin(after) > margin(before) + 0.005


def test_the_copy_holds_the_records_that_are_named_and_no_others(quick):
    items = known_items(quick, 2, ["title"])
    wanted = {items[0].lesson_id, items[1].lesson_id, "fan-hill#1"}
    with untitled(quick, items, records=wanted) as copy:
        assert {one.lesson_id for one, _, _ in copy.lessons()} == wanted
        assert {hit.lesson_id for hit in copy.search("stopped while people were working", 50).hits} == wanted
    assert quick.stats().lessons == len(NAMES)


def a_comparison(search="default", kind="title", mean=0.02, p=0.01):
    difference = Difference(mean, mean - 0.01, mean + 0.01, p, p, 9, 9, 3)
    return Compared(search, kind, "ndcg@10", 100, 0.5, 0.5 + mean, difference)


def test_better_is_the_default_search_for_sure_and_nothing_worse_for_sure():
    assert better([a_comparison()])
    assert better([a_comparison(), a_comparison("dense", "cross-reference", -0.02, 0.2)])
    assert not better([a_comparison(), a_comparison("dense", "cross-reference", -0.02, 0.01)])
    assert not better([a_comparison(p=0.06)])
    assert not better([a_comparison(mean=-0.02)])
    assert not better([a_comparison("dense"), a_comparison(p=0.5)])
    assert not better([replace(a_comparison(), measure="mrr@10")])


@pytest.mark.usefixtures("no_training")
def test_what_is_not_better_changes_nothing(library, monkeypatch):
    monkeypatch.setattr(eval.tune_embedder, "better", lambda compared: False)
    files = sorted(file.relative_to(library.folder) for file in library.folder.rglob("*"))
    vectors = library.catalogue.rows("SELECT * FROM embeddings")
    said: list[str] = []
    report = tune_embedder(library, 32, said.append)
    assert (report.embedder, report.taken) == (PACKAGED, False)
    assert sum(report.pairs.values()) > 16
    assert {one.search for one in report.compared} == {"default", "dense"}
    assert any(one.before != one.after for one in report.compared)
    assert "trained on 1 of " in " ".join(said)
    assert library.manifest.embedder == PACKAGED
    assert library.catalogue.rows("SELECT * FROM embeddings") == vectors
    assert sorted(file.relative_to(library.folder) for file in library.folder.rglob("*")) == files


@pytest.mark.usefixtures("no_training")
def test_what_is_better_serves_wherever_the_library_goes_until_it_is_rolled_back(library, tmp_path, monkeypatch):
    monkeypatch.setattr(eval.tune_embedder, "better", lambda compared: True)
    before = library.embedder.query("A pump stopped.")
    report = tune_embedder(library, 64)
    name = report.embedder
    assert (report.previous, report.taken) == (PACKAGED, True)
    assert name.startswith(f"{OWN}all-MiniLM-L6-v2-tuned-")
    assert library.manifest.embedder == name
    assert (library.folder / MODELS / name.removeprefix(OWN)).is_dir()
    assert not list(library.folder.glob("training-*"))
    assert not np.allclose(library.embedder.query("A pump stopped."), before, atol=1e-3)
    assert faults(library) == []
    library.close()
    move(tmp_path / "library", tmp_path / "moved")
    script = (
        "import sys; from pathlib import Path; from index.library import Library; "
        "from index.settings import IndexSettings as S\n"
        "with Library.open(Path(sys.argv[1]), S(backend='torch', token_vectors=False)) as one:\n"
        "    print(one.search('Broken crane near the hill', mode='dense').hits[0].lesson_id, one.stats().embedder)"
    )
    found = subprocess.run([sys.executable, "-c", script, tmp_path / "moved"], capture_output=True, text=True)
    assert found.stdout.split() == ["crane-hill#1", name], found.stderr
    with Library.open(tmp_path / "moved", PLAIN) as moved:
        assert reindex(moved).embedder == PACKAGED
        assert np.allclose(moved.embedder.query("A pump stopped."), before, atol=1e-6)
        monkeypatch.setattr(eval.tune_embedder, "_compare", lambda *_: (60, [a_comparison()]))
        assert tune_embedder(moved, 64).embedder == f"{name}-2"
        compact(moved)
        assert [folder.name for folder in (moved.folder / MODELS).iterdir()] == [f"{name}-2".removeprefix(OWN)]
        assert moved.search("crane", mode="dense").hits
        rmtree(moved.folder / MODELS)
    with Library.open(tmp_path / "moved", PLAIN) as moved:
        with pytest.raises(ModelError, match="tuned for a library") as error:
            moved.search("crane")
        assert "lessons reindex" in error.value.remedy
        assert reindex(moved, PACKAGED).embedder == PACKAGED


def test_too_few_records_are_left_alone(tmp_path):
    with a_library(tmp_path) as small:
        small.add([prepared(small, "pump.md", note("pump", "hill"))])
        report = tune_embedder(small)
    assert (report.taken, report.compared, report.passages) == (False, (), 0)


def test_only_a_part_of_a_large_library_is_searched(quick, monkeypatch):
    monkeypatch.setattr(eval.tune_embedder, "PASSAGES", 20)
    items, records = eval.tune_embedder._asked(quick)
    assert 5 <= len(records) <= 20
    assert items
    assert all({item.lesson_id, *item.relevant} <= records and held_out(item.lesson_id) for item in items)


@pytest.fixture
def run(quick, monkeypatch):
    app = typer.Typer()
    command.register(app)
    report = eval.tune_embedder.Report(f"{OWN}tuned", PACKAGED, True, {"title": 70}, 90, (a_comparison(),), 100.0)
    left = replace(report, taken=False, embedder=PACKAGED)
    reports = iter([report, report, left, replace(left, compared=())])
    monkeypatch.setattr(eval.tune_embedder, "tune_embedder", lambda library, on_part: next(reports))

    def run_here(*words):
        result = CliRunner().invoke(app, ["--embedder", *words, "--library", str(quick.folder)])
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return " ".join(result.stdout.split())

    return run_here


def test_the_command_says_what_came_of_it(run, monkeypatch):
    with pytest.raises(BadSettings, match="--rollback"):
        run("--reset")
    said = json.loads(run("--json"))
    assert (said["taken"], said["compared"][0]["difference"]["p"]) == (True, 0.01)
    said = run()
    assert "default search, title, ndcg@10, 100 questions: 0.5000 → 0.5200 (+0.0100 to +0.0300, p = 0.0100)" in said
    assert "library:tuned serves now" in said
    assert f"Back to {PACKAGED} with: lessons reindex --rollback" in said
    assert "Left as it is: the default search" in run()
    assert "Left as it is: the records make too few" in run()
