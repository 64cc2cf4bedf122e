"""Peers are run as they say, measured alike, and named with the reason where they cannot run."""

import importlib.util
import json
import re
import sys
import time
from dataclasses import replace
from importlib.metadata import version

import pytest
import typer
from typer.testing import CliRunner

from eval.beir import Collection
from eval.peers import __main__ as command
from eval.peers import compare, environments, portion
from eval.peers.catalogue import PEERS, Peer
from eval.peers.company import Company
from eval.peers.environments import CannotRun, Environments
from eval.peers.harness import best
from ingest.errors import BadDataset, BadSettings

CORPUS = {
    "d1": ("Pump stopped", "The pump stopped because the inlet filter was blocked."),
    "d2": ("Tent blew away", "The tent was not anchored in the storm."),
    "d3": ("", "The router update was rehearsed and went well."),
    "d4": ("Empty", ""),
    "d5": ("Convoy late", "The convoy left at night without a second radio."),
}

WORDS = """
class Recipe:
    def __init__(self, job):
        self.job = job
        print("libraries print what they like")
    def index(self, ids, texts):
        self.rows = list(zip(ids, texts))
        return 2 * len(ids)
    def search(self, question, documents):
        words = set(question.lower().split())
        scores = [(id_, len(words & set(text.lower().split()))) for id_, text in self.rows]
        return [(id_, score - more) for id_, score in scores for more in (1, 0)][: 2 * documents]
"""


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "toy"
    (folder / "qrels").mkdir(parents=True)
    rows = [{"_id": id_, "title": title, "text": text} for id_, (title, text) in CORPUS.items()]
    (folder / "corpus.jsonl").write_text("\n".join(map(json.dumps, rows)))
    queries = [
        {"_id": "q1", "text": "why the pump stopped"},
        {"_id": "q2", "text": "tent in the storm"},
        {"_id": "q3", "text": "pump stopped inlet filter router", "metadata": {"source_lesson": "d1"}},
    ]
    (folder / "queries.jsonl").write_text("\n".join(map(json.dumps, queries)))
    (folder / "qrels/test.tsv").write_text("query-id\tcorpus-id\tscore\nq1\td1\t1\nq2\td2\t2\nq2\td5\t0\nq3\td3\t1\n")
    return folder


@pytest.fixture
def collection(folder, tmp_path):
    (tmp_path / "portion").mkdir()
    return portion.write(Collection.load(folder), tmp_path / "portion")


@pytest.fixture
def fake(tmp_path):
    """Makes a peer of a script; it runs in the tests' own environment."""

    def make(script, name="fake"):
        recipe = tmp_path / f"{name}.py"
        recipe.write_text(script)
        return Peer(name, recipe, ("numpy==0", "not-installed==1"), own=True, options={"flag": True})

    return make


@pytest.fixture
def place(tmp_path):
    return Environments(tmp_path / "environments")


def test_a_peer_is_run_and_measured_as_everything_is(collection, fake, place):
    row = compare.measure(fake(WORDS), collection, place)
    assert row.failed == ""
    assert row.metrics["mrr@10"] == row.metrics["recall@100"] == 1.0
    assert row.per_query["ndcg@10"] == {"q1": 1.0, "q2": 1.0, "q3": 1.0}
    assert row.passages == 10
    assert row.fewest == 5
    assert 0 < row.query_ms["p50"] <= row.query_ms["p95"] < 1000
    assert row.deep_query_ms.keys() == row.query_ms.keys()
    assert 5 < row.peak_mb < 300
    assert 0 <= row.others <= 1
    assert row.versions["python"] == ".".join(map(str, sys.version_info[:3]))
    assert row.version == row.versions["numpy"] != ""
    assert row.versions["not-installed"] == ""
    json.dumps(row.to_json())


def test_the_record_a_question_was_made_from_is_left_out(collection):
    found = {"q3": {"d3": 1.0, "d1": 9.0, "d2": 0.5}, "q1": {"d5": 0.1, "d1": 0.1}}
    assert compare.ranked(collection, found) == {"q3": {"d3": 100.0, "d2": 99.0}, "q1": {"d5": 100, "d1": 99}, "q2": {}}


def test_a_document_counts_by_its_best_passage():
    hits = [("a", 0.2), ("b", 0.5), ("a", 0.9), ("c", -1.0)]
    assert list(best(hits, 2).items()) == [("a", 0.9), ("b", 0.5)]


CHECKS = """
import os, pathlib
def check(self, job):
    assert pathlib.Path(job["weights"], "model.safetensors").exists()
    assert pathlib.Path(job["scratch"]) == pathlib.Path.cwd()
    assert job["options"] == {"flag": True}
    assert os.environ["HF_HUB_OFFLINE"] == "1"
Recipe.__init__ = check
"""


def test_a_recipe_gets_the_weights_and_no_network(collection, fake, place):
    assert compare.measure(fake(WORDS + CHECKS), collection, place).failed == ""


def test_only_this_program_is_lent_its_modules(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    assert "PYTHONPATH" not in compare.surroundings(own=False)
    assert compare.surroundings(own=True)["PYTHONPATH"] != "/elsewhere"


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("import nothing_of_this_name", "ModuleNotFoundError: No module named 'nothing_of_this_name'"),
        (f"{WORDS}\nRecipe.search = lambda self, question, documents: 1 / 0", "ZeroDivisionError: division by zero"),
        ("import os\nos._exit(3)", "it ended with status 3"),
    ],
)
def test_a_recipe_that_crashes_is_named_with_its_last_line(collection, fake, place, script, reason):
    row = compare.measure(fake(script), collection, place)
    assert (row.failed, row.metrics) == (reason, {})


def test_a_recipe_that_does_not_end_is_stopped(collection, fake, place, monkeypatch):
    monkeypatch.setattr(compare, "PATIENCE", 0.3)
    row = compare.measure(fake("import time\ntime.sleep(60)"), collection, place)
    assert row.failed == "not done after 0 minutes"


# --- environments


def steps(monkeypatch, *scripts):
    def pretend(home, _requirements):
        return [[sys.executable, "-c", script, str(home)] for script in scripts]

    monkeypatch.setattr(environments, "steps", pretend)


MAKE = "import pathlib, sys; home = pathlib.Path(sys.argv[1]); (home / 'bin').mkdir(parents=True, exist_ok=True)"
MAKE += "; (home / 'pyvenv.cfg').touch()"


def test_a_peer_that_cannot_be_installed_is_named_with_pips_last_line(collection, fake, place, monkeypatch, tmp_path):
    count = f"open({str(tmp_path / 'count')!r}, 'a').write('x')"
    steps(monkeypatch, MAKE, f"{count}; print('Collecting'); exit('ERROR: No matching distribution found for fake==9')")
    peer = replace(fake(WORDS), own=False)
    for _ in range(2):
        row = compare.measure(peer, collection, place)
        assert row.failed == "ERROR: No matching distribution found for fake==9"
    assert (tmp_path / "count").read_text() == "x"  # one run does not try it again
    with pytest.raises(CannotRun):
        Environments(place.folder).python(peer)
    assert (tmp_path / "count").read_text() == "xx"


def test_an_environment_is_made_once_and_anew_for_other_requirements(fake, place, monkeypatch, tmp_path):
    steps(monkeypatch, MAKE, f"open({str(tmp_path / 'count')!r}, 'a').write('x')")
    said: list[str] = []
    for peer in (one := replace(fake(WORDS), own=False), one, replace(one, requirements=("numpy==1",))):
        python = Environments(place.folder, said.append).python(peer)
    assert python.parent.parent == place.folder / "fake"
    assert (tmp_path / "count").read_text() == "xx"
    assert said == ["installing numpy==0, not-installed==1", "installing numpy==1"]


def test_a_peer_whose_environment_has_been_broken_is_named(collection, fake, place, monkeypatch):
    steps(monkeypatch, MAKE)
    row = compare.measure(replace(fake(WORDS), own=False), collection, place)
    assert re.search("bin/python: No such file.* made anew", row.failed)


def test_a_folder_that_holds_something_else_is_left_alone(collection, fake, place, monkeypatch):
    steps(monkeypatch, "import shutil, sys; shutil.rmtree(sys.argv[1])")
    mine = place.folder / "fake" / "notes.txt"
    mine.parent.mkdir(parents=True)
    mine.touch()
    row = compare.measure(replace(fake(WORDS), own=False), collection, place)
    assert "holds something else" in row.failed
    assert mine.exists()


def test_a_peer_that_is_killed_is_named_as_such(collection, fake, place):
    row = compare.measure(fake("import os, signal; os.kill(os.getpid(), signal.SIGKILL)"), collection, place)
    assert "killed (signal 9)" in row.failed


def test_an_environment_is_made_by_venv_and_pip(tmp_path):
    make, install = environments.steps(tmp_path / "fake", ["fake==1"])
    assert make[:3] == [sys.executable, "-m", "venv"]
    assert install[0].startswith(str(tmp_path / "fake"))
    assert install[1:4] == ["-m", "pip", "install"]
    assert install[-1] == "fake==1"


def test_every_peer_has_exact_requirements_and_a_recipe():
    for peer in PEERS:
        assert peer.own or all(re.fullmatch(r"[\w.-]+==[\w.]+", line) for line in peer.requirements)
        spec = importlib.util.spec_from_file_location("recipe", peer.recipe)
        assert spec
        assert spec.loader
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)  # imports none of the peer's libraries
        assert {"__init__", "index", "search"} <= vars(module.Recipe).keys()


# --- portions


def test_all_get_the_same_text_title_on_top(collection):
    rows = [json.loads(line) for line in (collection.folder / "documents.jsonl").read_text().splitlines()]
    assert rows[0] == {"id": "d1", "text": "\n\n".join(CORPUS["d1"])}
    assert [row["text"] for row in rows] == [document.text for document, _ in collection.documents()]
    assert (collection.folder / "questions.jsonl").read_text().count("\n") == 3


def test_a_part_keeps_the_questions_it_answers(folder, tmp_path):
    part = portion.write(Collection.load(folder), tmp_path, 2)
    assert part.qrels == {"q1": {"d1": 1}, "q2": {"d2": 2}}
    assert [query.query_id for query in part.queries] == ["q1", "q2"]
    (folder / "qrels/test.tsv").write_text("q1\td2\t0\nq2\td5\t1\n")
    with pytest.raises(BadDataset, match="first 2 documents of toy answer no query"):
        portion.write(Collection.load(folder), tmp_path, 2)


# --- the command


def app():
    made = typer.Typer()
    made.command()(command.compare)
    return made


def test_this_program_end_to_end(folder, tmp_path):
    arguments = [str(folder), "--only", "lessons", "--environments", str(tmp_path / "environments"), "--json"]
    done = CliRunner().invoke(app(), arguments)
    assert done.exit_code == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["machine"]["cores"] >= 1
    (toy,) = told["collections"]
    assert (toy["dataset"], toy["documents"], toy["queries"]) == ("toy", 5, 3)
    (row,) = toy["peers"]
    assert row["failed"] == ""
    assert row["version"] == version("lessons")
    assert row["metrics"]["recall@100"] == 1.0
    assert row["passages"] >= 4
    assert not (tmp_path / "environments").exists()


def test_the_table_tells_figures_and_reasons(folder, tmp_path, monkeypatch, fake):
    monkeypatch.setattr(command, "PEERS", (fake(WORDS, "Good"), fake("import nothing_of_this_name", "Bad")))
    monkeypatch.setattr(command, "QUIET", -1.0)
    done = CliRunner().invoke(app(), [str(folder), "--limit-documents", "3"])
    assert done.exit_code == 1
    assert "toy: 3 documents, 3 queries" in done.stdout
    assert "1.0000" in done.stdout
    said = " ".join(done.stdout.split())
    assert "Bad: cannot run here: ModuleNotFoundError: No module named 'nothing_of_this_name'" in said
    assert re.search(r"other processes took much of the cores' time: Good \d+%\.", said)


def test_a_wrong_call_ends_with_the_reason(tmp_path, monkeypatch, capsys):
    with pytest.raises(BadSettings, match=r"no peer 'Solr'.*Choose from: lessons, LangChain"):
        command.choose("lessons,Solr")
    assert [peer.name for peer in command.choose("bm25s, langchain")] == ["LangChain", "bm25s"]
    monkeypatch.setattr(sys, "argv", ["peers", str(tmp_path / "none")])
    with pytest.raises(SystemExit) as stop:
        command.main()
    assert stop.value.code == 2
    assert "is not a folder" in capsys.readouterr().err


def test_company_is_what_others_do():
    company = Company()
    time.sleep(0.05)
    assert 0 <= company.share() <= 1
