"""The command line, first as an installed program from a shell, then command by command in this process."""

import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from assistant.needs import FILE
from ui.cli import main

LESSONS = Path(sys.executable).with_name("lessons")


def run(*words, **environment):
    """Run the installed program as a user does; returns its exit status, standard output and standard error."""
    given = os.environ | environment
    done = subprocess.run([LESSONS, *map(str, words)], capture_output=True, text=True, env=given, check=False)
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def call(monkeypatch, capsys):
    """Run a command in this process; returns its exit status, standard output and standard error."""

    def run_here(*words):
        monkeypatch.setattr(sys, "argv", ["lessons", *map(str, words)])
        with pytest.raises(SystemExit) as stop:
            main()
        said = capsys.readouterr()
        return stop.value.code or 0, said.out, said.err

    return run_here


def test_a_user_indexes_asks_changes_and_deletes(tmp_path):
    docs, library = tmp_path / "my documents", tmp_path / "library"
    shutil.copytree(Path(__file__).parents[2] / "data" / "library" / "logistics-fleet", docs)
    place = {"LESSONS_LIBRARY": str(library)}

    status, out, err = run("index", docs, "--json", **place)
    report = json.loads(out)
    assert (status, report["failed"]) == (0, [])
    assert report["added"] == len(list(docs.iterdir()))
    assert {"changed", "renamed", "unchanged", "removed", "warnings", "lessons", "passages", "seconds"} <= report.keys()
    assert "Traceback" not in err

    status, out, _ = run("search", "refuelling of generators", "-k", "3", "--json", **place)
    hits = json.loads(out)["hits"]
    keys = "rank score lesson_id title source page section start end text event_date outcome"
    assert set(keys.split()) <= hits[0].keys()
    assert len(hits) == 3
    assert hits[0]["lesson_id"].startswith("ODR-20")

    status, out, _ = run("ask", "When should generators be refuelled?", **place)
    assert status == 0
    assert "[1]" in out
    assert "ODR-2023-018" in out

    status, out, _ = run("ask", "Which football club won the cup final in Madrid?", "--json", **place)
    answer = json.loads(out)
    assert (status, answer["verdict"], answer["claims"]) == (0, "none", [])
    assert answer["nearest"]

    (docs / "generator-refuelling-by-level.md").unlink()
    (docs / "note.md").write_text("# Winch\n\nThe winch jammed because sand had entered its gearbox.\n")
    status, out, _ = run("index", docs, "--json", **place)
    report = json.loads(out)
    assert (report["added"], report["removed"], report["unchanged"]) == (1, 1, report["lessons"] - 1)
    status, out, _ = run("ask", "Why did the winch jam?", "--json", **place)
    assert [source["lesson_id"] for source in json.loads(out)["sources"]] == ["note#1"]
    status, out, _ = run("search", "refuel by measured level", "--json", **place)
    assert "ODR-2023-018" not in {hit["lesson_id"] for hit in json.loads(out)["hits"]}


def test_help_answers_at_once_without_heavy_imports():
    code = "import sys, ui.cli; print([m for m in ('torch', 'faiss', 'gradio', 'numpy') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    status, out, _ = run("--help")
    assert status == 0
    for command in ("index", "remove", "status", "search", "ask", "brief", "show", "eval", "serve", "demo", "doctor"):
        assert f"│ {command} " in out


def test_status_counts(call, sample):
    status, out, _ = call("status", "--library", sample.folder, "--json")
    found = json.loads(out)
    assert status == 0
    assert {"documents", "lessons", "passages", "engine", "embedder", "updated_at"} <= found.keys()
    assert found["lessons"] == sample.stats().lessons
    assert str(found["passages"]) in call("status", "--library", sample.folder)[1]


def test_search_reads_well_and_filters(call, sample):
    status, out, _ = call("search", "generator refuelling", "--filter", "since=2023", "--library", sample.folder)
    assert status == 0
    assert "ODR-2023-018" in out
    assert "\n   ODR-2017-003" not in out
    assert "Nothing found." in call("search", "pump", "--filter", "year=1901", "--library", sample.folder)[1]


def test_ask_declines_in_words(call, sample):
    status, out, _ = call("ask", "Which football club won the cup final in Madrid?", "--library", sample.folder)
    assert status == 0
    assert "No lesson found" in out
    assert "not this" in out


def test_show_gives_the_record_with_its_provenance(call, sample):
    status, out, _ = call("show", "ODR-2023-018", "--library", sample.folder, "--json")
    record = json.loads(out)
    assert (status, record["lesson_id"]) == (0, "ODR-2023-018")
    assert record["provenance"]["event_date"]["method"] == "frontmatter"
    out = call("show", "ODR-2023-018", "--library", sample.folder)[1]
    assert "(frontmatter)" in out
    assert "Refuel generators by measured level" in out


def test_brief_lists_lessons_a_task(call, sample, tmp_path):
    plan = tmp_path / "plan.md"
    plan.write_text("- Refuel the generators of the camp at night\n- Play the violin in the Vienna opera house\n")
    status, out, _ = call("brief", plan, "--library", sample.folder, "--json")
    tasks = json.loads(out)["tasks"]
    assert (status, len(tasks)) == (0, 2)
    assert tasks[0]["lessons"]
    assert tasks[1]["lessons"] == []
    assert "No lesson found." in call("brief", plan, "--library", sample.folder)[1]
    assert call("brief", tmp_path / "none.md", "--library", sample.folder)[0] == 2


def test_index_says_what_it_did_and_what_it_could_not_read(call, tmp_path):
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "pump.md").write_text("# Pump\n\nThe pump stopped because the filter was blocked.\n")
    (docs / "empty.pdf").write_bytes(b"")
    status, out, _ = call("index", docs, "--library", tmp_path / "library", "--dry-run")
    assert "would be added" in out
    assert f"added: {docs / 'pump.md'}" in out.replace("\n", "")
    assert "library holds" not in out
    assert not (tmp_path / "library").exists()
    assert call("index", tmp_path / "none", "--library", tmp_path / "library")[0] == 2
    assert not (tmp_path / "library").exists()
    status, out, _ = call("index", docs, "--library", tmp_path / "library")
    assert status == 1
    assert "Could not be read" in out
    assert "0 records and 1 other text in 1 passages" in out
    status, out, _ = call("remove", docs, "--library", tmp_path / "library", "--json")
    assert json.loads(out) == {"removed": 1}
    assert call("remove", docs, "--library", tmp_path / "library")[0] == 2


def test_eval_retrieval_prints_its_measures(call, tmp_path):
    folder = tmp_path / "toy"
    (folder / "qrels").mkdir(parents=True)
    (folder / "corpus.jsonl").write_text(
        '{"_id": "d1", "title": "Pump", "text": "The pump stopped."}\n{"_id": "d2", "text": "The tent blew away."}\n'
    )
    (folder / "queries.jsonl").write_text('{"_id": "q1", "text": "why did the pump stop"}\n')
    (folder / "qrels/test.tsv").write_text("query-id\tcorpus-id\tscore\nq1\td1\t1\n")
    kept, runs = tmp_path / "kept", tmp_path / "runs"
    status, out, _ = call("eval", "retrieval", folder, "--keep", kept, "--runs", runs, "--json")
    found = json.loads(out)
    assert status == 0
    assert (found["dataset"], found["queries"], found["documents"]) == ("toy", 1, 2)
    assert {"ndcg@10", "recall@100", "mrr@10", "map"} <= found["metrics"].keys()
    assert found["metrics"]["ndcg@10"] == 1.0
    assert {"p50", "p95"} == found["latency_ms"].keys()
    assert found["index_seconds"] > 0
    assert list(found["compared"]) == ["hybrid+rerank", "hybrid", "dense", "lexical"]
    again = call("eval", "retrieval", folder, "--keep", kept, "--runs", runs, "--compare", "lexical")[1]
    assert "index kept" in again
    assert "hybrid" not in again
    assert call("eval", "retrieval", folder, "--compare", "magic")[0] == 2
    assert call("eval", "retrieval", tmp_path / "none")[0] == 2


def test_eval_answers_scores_a_gold_file(call, sample, tmp_path):
    gold = tmp_path / "gold.jsonl"
    gold.write_text('{"id": "1", "question": "When should generators be refuelled?", "gold": ["ODR-2023-018"]}\n')
    status, out, _ = call("eval", "answers", gold, "--library", sample.folder, "--json")
    assert status == 0
    assert json.loads(out)["total"]["gold_in_first_5"] == 1.0
    assert "citation_precision" in call("eval", "answers", gold, "--library", sample.folder)[1]


def test_eval_verdict_fits_and_tests(call, tmp_path):
    sea = "ship anchor harbour tide sail rudder keel mast buoy pier net oar"
    farm = "tractor barley harvest fence barn plough seed field hay stable cart well"
    for world, words in (("sea", sea), ("farm", farm)):
        folder = tmp_path / world
        (folder / "qrels").mkdir(parents=True)
        rows = [(number, word) for number, word in enumerate(words.split())]
        corpus = [
            {"_id": f"{world}{n}", "title": "", "text": f"The {word} was repaired in winter."} for n, word in rows
        ]
        queries = [{"_id": f"q{n}", "text": f"How was the {word} repaired?"} for n, word in rows]
        (folder / "corpus.jsonl").write_text("\n".join(map(json.dumps, corpus)))
        (folder / "queries.jsonl").write_text("\n".join(map(json.dumps, queries)))
        lines = [f"q{n}\t{world}{n}\t1" for n, _ in rows]
        (folder / "qrels/test.tsv").write_text("\n".join(["query-id\tcorpus-id\tscore", *lines]))
    status, out, _ = call("eval", "verdict", tmp_path / "sea", tmp_path / "farm", "--json")
    found = json.loads(out)
    assert status == 0
    assert found["fitted"]["tasks"]["off_library"]["auroc"] >= 0.95
    assert call("eval", "verdict", tmp_path / "sea")[0] == 2
    assert set(found["in_use"]["tasks"]["off_library"]["pairs"]) == {
        "sea → sea",
        "sea → farm",
        "farm → farm",
        "farm → sea",
    }


def test_trends_counts_and_shows_what_happened_again(call, sample):
    status, out, _ = call("trends", "--library", sample.folder, "--by", "unit", "--json")
    found = json.loads(out)
    assert status == 0
    units = {group["value"]: group["count"] for group in found["tallies"][0]["groups"]}
    assert (units["Field Hospitals"], units["Digital Services"]) == (10, 14)
    again = [[record["lesson_id"] for record in event["records"]] for event in found["repeated"]]
    assert again == [["AAR-2018-06", "PM-2022-011", "PM-2025-004"], ["PM-2021-003", "PM-2022-002"]]
    status, out, _ = call("trends", "--library", sample.folder, "--about", "generators OR pumps")
    assert "Happened again" in out
    assert call("trends", "--library", sample.folder, "--by", "colour")[0] == 2


def test_what_was_not_answered_is_listed_among_the_gaps(call, tmp_path, sample):
    shutil.copytree(sample.folder, tmp_path / "library", ignore=shutil.ignore_patterns(FILE))  # others ask as well
    question = "What did we learn about quantum networking payloads?"
    assert "Kept among the knowledge gaps" in call("ask", question, "--library", tmp_path / "library")[1]
    assert question in call("gaps", "--library", tmp_path / "library")[1]
    found = json.loads(call("gaps", "--forget", question, "--library", tmp_path / "library", "--json")[1])
    assert found == {"forgotten": 1, "gaps": []}


def test_a_filter_that_a_question_says_is_shown_and_can_be_taken_back(call, sample):
    question = "What went wrong with generators since 2022?"
    _, out, _ = call("ask", question, "--library", sample.folder, "--json")
    found = json.loads(out)
    assert (found["filters"], found["filters_read"]) == ({"since": "2022"}, ["since"])
    assert all(source["event_date"] >= "2022" for source in found["sources"])
    _, out, _ = call("ask", question, "--library", sample.folder, "--json", "--ignore", "since")
    assert json.loads(out)["filters"] == {}


def test_what_is_temporary_is_removed_when_a_command_is_terminated(tmp_path):
    code = (
        "import os, signal, sys, tempfile, ui.cli\n"
        f"def app():\n    with tempfile.TemporaryDirectory(dir={str(tmp_path)!r}):\n"
        "        os.kill(os.getpid(), signal.SIGTERM)\n"
        "ui.cli.app = app\nui.cli.main()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, cwd=Path(__file__).parents[2])
    assert done.returncode == 143
    assert list(tmp_path.iterdir()) == []


def test_doctor_finds_a_healthy_library_and_a_missing_one(call, sample, tmp_path):
    status, out, _ = call("doctor", "--library", sample.folder, "--json")
    checks = {check["name"]: check for check in json.loads(out)["checks"]}
    assert status == 0
    assert {check["status"] for check in checks.values()} == {"ok"}
    status, out, _ = call("doctor", "--library", tmp_path / "none")
    assert status == 0
    assert "lessons index" in out


def test_doctor_fails_on_a_model_that_is_not_there(call, sample, monkeypatch):
    monkeypatch.setenv("LESSONS_LLM", "openai:none")
    monkeypatch.setenv("LESSONS_LLM_BASE_URL", "http://127.0.0.1:9/v1")
    status, out, _ = call("doctor", "--library", sample.folder, "--json")
    checks = {check["name"]: check for check in json.loads(out)["checks"]}
    assert status == 1
    assert checks["language model"]["status"] == "failed"
    assert checks["language model"]["remedy"]


# -- bad input gets a clear error and loses nothing


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("index", "/no/such/place"), "does not exist"),
        (("ask", ""), "empty"),
        (("ask", "a" * 50_000), "50,000 characters"),
        (("search", " "), "empty"),
        (("ask", "pumps?", "--filter", "colour=red"), "no filter 'colour'"),
        (("ask", "pumps?", "--filter", "outcome"), "name=value"),
        (("show", "XX-999"), "No record has the id"),
        (("ask", "pumps?", "--llm", "no provider"), "llm"),
        (("serve", "--port", "99999"), "port"),
    ],
)
def test_a_wrong_call_is_refused_and_changes_nothing(call, sample, words, said):
    before = sample.stats()
    status, out, err = call(*words, "--library", sample.folder)
    assert (status, out) == (2, "")
    assert said in err
    assert "Traceback" not in err
    assert len(err) < 600
    assert sample.stats() == before


def test_a_library_made_with_another_embedder_is_refused(call, sample, monkeypatch):
    monkeypatch.setenv("LESSONS_EMBEDDER", "some/other-model")
    status, _, err = call("ask", "pumps?", "--library", sample.folder)
    assert status == 1
    assert "lessons reindex --embedder some/other-model" in err


def test_a_folder_without_library_is_said(call, tmp_path):
    status, _, err = call("ask", "pumps?", "--library", tmp_path / "none")
    assert status == 1
    assert "lessons index" in err
    assert not (tmp_path / "none").exists()


def test_a_port_in_use_is_said(call, sample):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        status, _, err = call("serve", "--port", port, "--library", sample.folder)
    assert status == 1
    assert "in use" in err
    assert "--port" in err


def test_what_a_document_holds_never_commands_the_terminal(call, tmp_path):
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "a\x1b[2J.md").write_text('---\nid: X-1\nunit: "\\e]0;owned\\a"\n---\n# \x1b[31mPump\n\nIt stopped.\n')
    (docs / "b\x1b[2J.pdf").write_bytes(b"%PDF broken")
    printed = [call("index", docs, "--library", tmp_path / "l"), call("show", "X-1", "--library", tmp_path / "l")]
    assert printed[1][0] == 0
    assert not any(mark in out + log for _, out, log in printed for mark in ("\x1b[2J", "\x1b]0", "\x1b[31m", "\a"))
