import json
import re
import sys
from dataclasses import replace

import pytest

from assistant.evidence import Evidence
from eval import auto
from eval.auto import Abstention, Figure, Miss, Report, evaluate_auto, foreign_questions, measures, search, worst_of
from eval.citations import citations, mentions
from eval.known_item import ItemKind, KnownItem, known_items, ranked
from eval.measures import evaluate
from ingest.errors import BadSettings, LibraryMissing
from tests.fakes import a_library, prepared
from ui.cli import main
from ui.commands.evaluate_own import _print_auto

HYBRID = {"mode": "hybrid"}


def filler(word):
    """Some sentences that no other word's filler nearly repeats."""
    return " ".join(f"The {word} {number} at the {word} was seen by {word} {number + 1}." for number in range(12))


def record(title, lead, more=""):
    """A record of several passages: what is not its title stands in one only."""
    word = title.split()[0].lower()
    cause, advice = f"## Cause\n\n{more} {filler(word)}", f"## Recommendation\n\n{filler(word + 's')}"
    return f"# {title}\n\n## What happened\n\n{lead} {filler(word + 'ed')}\n\n{cause}\n\n{advice}\n"


DOCUMENTS = {
    "anchor.md": record("Anchor chain", "The anchor chain of the ferry parted in a gale off the northern quay."),
    "barley.md": record("Barley store", "Wet barley in the silo heated until smoke was seen by the night guard."),
    "copper.md": record("Copper theft", "Thieves cut forty metres of copper cable from the depot on a holiday."),
    "short.md": "# Lamp\n\nThe lamp of the signal tower went out because its battery was never charged again.\n",
}
CHINESE = "二〇二一年三月，水库东侧的主泵在暴雨中停止运行，备用泵没有自动启动。"
RUSSIAN = "Насос на северной станции остановился ночью из-за засорения фильтра."


@pytest.fixture
def library(tmp_path):
    with a_library(tmp_path / "library") as made:
        made.add([prepared(made, name, text) for name, text in DOCUMENTS.items()])
        yield made


def the(items, kind, lesson_id):
    return next(item for item in items if (item.kind, item.lesson_id) == (kind, lesson_id))


def test_a_lead_is_left_out_of_what_finds_its_record(library):
    item = the(known_items(library, 10), "lead", "anchor#1")
    assert item.query == "The anchor chain of the ferry parted in a gale off the northern quay."
    hits = library.search(item.query, 50, per_lesson=9).hits
    holding = [hit for hit in hits if item.query in hit.text]
    own = [hit for hit in hits if hit.lesson_id == "anchor#1"]
    assert hits[0] in holding
    assert len(own) > len(holding) == 1
    assert ranked(holding, item) == []
    assert ranked(own, item) == ["anchor#1"]
    half = replace(holding[0], text="", end=holding[0].start + holding[0].text.index("gale"))
    assert not item.counts(half), "a passage that holds a part of the sentence"
    elsewhere = replace(hits[-1], lesson_id="other#1", text=f"As they say: {item.query}")
    assert not item.counts(elsewhere), "a passage that repeats the sentence"


def test_what_cannot_be_asked_about_is_counted(library):
    library.add(
        [prepared(library, "again.md", record("Barley Store", "A fan of the store failed in the first frost.", "Age."))]
    )
    skipped: list[str] = []
    items = known_items(library, 10, on_skip=skipped.append)
    assert "lead short#1" not in {item.id for item in items}
    assert sum("no other passage" in reason for reason in skipped) == 1
    assert {"title barley#1", "title again#1"}.isdisjoint(item.id for item in items)
    assert sum(reason.startswith("title: several") for reason in skipped) == 2


def test_what_a_form_says_in_many_records_is_no_question(library):
    form = "This record was made with the form of the safety office in Brackwell, edition 2."
    leads = ("Rain filled the first boat in the lock.", "A second one lost its rail.", "The third had no light at all.")
    for word, lead in zip(("oak", "elm", "ash"), leads, strict=True):
        text = record(f"{word} boat", f"{form} {lead[:-1]} on the morning after the storm of {word}.")
        library.add([prepared(library, f"{word}.md", text)])
    items = known_items(library, 10, ["lead"])
    assert the(items, "lead", "elm#1").query == "A second one lost its rail on the morning after the storm of elm."


def test_questions_do_not_depend_on_the_order_in_the_catalogue(library, tmp_path):
    with a_library(tmp_path / "reversed") as other:
        for name, text in reversed(DOCUMENTS.items()):
            other.add([prepared(other, name, text)])
        for limit in (1, 2, 10):
            assert known_items(other, limit) == known_items(library, limit) == known_items(library, limit)


def test_records_that_nearly_repeat_one_another_are_neither_right_nor_wrong(library):
    library.add([prepared(library, "copy.md", DOCUMENTS["anchor.md"].replace("# Anchor chain", "# The chain again"))])
    items = known_items(library, 10)
    for kind in ("title", "lead"):
        item = the(items, kind, "anchor#1")
        assert item.leave_out == item.related == ("copy#1",)
        assert "copy#1" not in search(library, item, HYBRID)


def test_a_record_is_asked_for_those_it_cites(library):
    lead = "The locker of the ferry filled with water in a single night."
    text = record("Locker flooded", f"{lead} AB-12 was not read by those who built it, they say.", "See AB-12.")
    library.add([prepared(library, "AB-12.md", "Lesson ID: AB-12\n\n" + DOCUMENTS["anchor.md"])])
    library.add([prepared(library, "citing.md", text)])
    item = the(known_items(library, 10), "cross-reference", "citing#1")
    assert item.query == f"Locker flooded. {lead}"
    assert item.relevant == ("AB-12",)
    assert item.leave_out[0] == "citing#1"
    found = search(library, item, HYBRID)
    assert "citing#1" not in found
    assert "AB-12" in found
    assert "citing#1" in the(known_items(library, 10), "lead", "AB-12").related


@pytest.mark.parametrize(
    ("text", "name", "there"),
    [
        ("The loss of the ORBITER, and its causes were reviewed", "Loss of the Orbiter and its causes", True),
        ("See LLIS No 0641 first", "LLIS-641", False),
        ("See LLIS-0641 first", "LLIS-641", True),
        ("第一に探査機が失われた事故の調査報告書", "探査機が失われた事故の調査報告書", True),
        ("The closing of the orbit", "Loss of the Orbiter", False),
        ("anything", "", False),
        ("anything", " - ", False),
    ],
)
def test_a_name_is_seen_in_whatever_way_it_is_written(text, name, there):
    assert mentions(text, name) is there


def test_a_record_whose_title_names_what_it_cites_is_not_asked(library):
    library.add([prepared(library, "AB-13.md", "Lesson ID: AB-13\n\n" + DOCUMENTS["anchor.md"])])
    text = record("After AB-13", "The locker filled in one night, as all of us saw.", "Read AB-13 again.")
    library.add([prepared(library, "after.md", text)])
    skipped: list[str] = []
    items = known_items(library, 100, ("cross-reference",), skipped.append)
    assert "after#1" not in {item.lesson_id for item in items}
    assert "cross-reference: its title holds what it names" in skipped


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("This repeats LLIS-641.", ("LLIS-641",)),
        ("See LLIS #0641 and LLIS No. 0641.", ("LLIS-641",)),
        ("As in lesson number 641, or https://example.org/lesson/641", ("LLIS-641",)),
        ("“Loss of the orbiter, and its  causes”, 1999", ("LLIS-641",)),
        ("Compare 探査機が失われた事故の調査報告書, 1999", ("LLIS-7",)),
        ("The need for end-to-end testing of components", ()),
        ("Practice 1420, End-to-End Testing", ("LLIS-978",)),
        ("At 6:41 lesson 2 of 641 began; report#1 and the report were read. LLIS-6410", ()),
        ("Lessons learned 641 times", ()),
        ("Own title, and own id LLIS-9", ()),
    ],
)
def test_citations_are_found_as_people_write_them(text, named):
    records = {
        "LLIS-641": ("Loss of the Orbiter and its causes", "x"),
        "LLIS-7": ("探査機が失われた事故の調査報告書", "x"),
        "LLIS-978": ("End-to-End Testing.", "x"),
        "LLIS-6": ("The report", "x"),
        "report#1": ("", "x"),
        "LLIS-9": ("Own title", text),
    }
    assert citations(records) == ({"LLIS-9": named} if named else {})


def test_measures_agree_with_the_reference():
    found, relevant = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k"], ["b", "g", "k", "z"]
    own = measures(found, relevant)
    scores = {"q": {id_: float(20 - at) for at, id_ in enumerate(found)}}
    reference = evaluate({"q": dict.fromkeys(relevant, 1)}, scores)
    for name in ("recall@5", "mrr@10", "ndcg@10"):
        assert own[name] == pytest.approx(reference[name]["q"])
    assert (own["hit@1"], own["recall@10"]) == (0.0, 0.5)
    assert measures(["a"], ["a"]) == dict.fromkeys(own, 1.0)
    assert measures([], ["a"]) == dict.fromkeys(own, 0.0)


def test_the_worst_come_first(library):
    items = [
        KnownItem("title", id_, "", f"about {id_}", (id_,)) for id_ in ("anchor#1", "barley#1", "copper#1", "short#1")
    ]
    found = [["barley#1", "anchor#1"], ["barley#1"], ["short#1"], ["copper#1", "barley#1", "short#1"]]
    worst = worst_of(library, items, found)
    assert [(miss.wanted, miss.rank, miss.first) for miss in worst] == [
        ("copper#1", None, "short#1"),
        ("short#1", 3, "copper#1"),
        ("anchor#1", 2, "barley#1"),
    ]
    assert (worst[0].title, worst[0].first_title) == ("Copper theft", "Lamp")


def test_verdicts_are_asked_without_what_is_left_out(library, monkeypatch):
    seen: list[Evidence] = []

    def none(evidence, question, calibration):
        seen.append(evidence)
        return "none"

    monkeypatch.setattr(auto, "foreign_questions", lambda _: ([], 0))
    monkeypatch.setattr(auto, "verdict_of", none)
    item = the(known_items(library, 10), "lead", "anchor#1")
    report = auto.abstention(library, [item])
    answerable, hidden = seen
    for part in (answerable.hits, [sentence.hit for sentence in answerable.sentences]):
        assert "anchor#1" in {hit.lesson_id for hit in part}
        assert all(item.query not in hit.text for hit in part)
    for part in (hidden.hits, [sentence.hit for sentence in hidden.sentences]):
        assert part
        assert "anchor#1" not in {hit.lesson_id for hit in part}
    assert (report.answerable.mean, report.hidden.mean) == (1.0, 1.0)


def test_abstention_counts_what_was_declined(library, monkeypatch):
    monkeypatch.setattr(auto, "foreign_questions", lambda _: (["one", "two", "three", "four"], 5))
    monkeypatch.setattr(auto, "_declines", lambda _, question: float(question in ("one", "three", "Lamp")))
    found = auto.abstention(library, known_items(library, 10))
    assert (found.foreign.mean, found.foreign.questions, found.skipped) == (0.5, 4, 5)
    assert (found.answered, found.refused) == (("two", "four"), ("Lamp",))
    assert found.answerable.mean == pytest.approx(1 / 7, abs=1e-4)  # four titles, three leads
    assert 0 <= found.answerable.low < found.answerable.mean < found.answerable.high


def test_foreign_questions_are_many_and_those_the_library_may_answer_are_left_out(library):
    every, skipped = foreign_questions(library)
    assert skipped == 0
    assert len(set(every)) == len(every) >= 40
    assert not any("*" in question for question in every)
    library.add([prepared(library, "kitchen.md", "# Kitchen\n\nOur sourdough for the baguettes was cold.\n")])
    kept, skipped = foreign_questions(library)
    assert skipped == 1
    assert [question for question in every if question not in kept] == [
        "How long should a sourdough starter be fed before it makes good baguettes?"
    ]


def test_a_report_holds_each_setting_and_kind_and_is_the_same_again(library, monkeypatch):
    monkeypatch.setattr(auto, "foreign_questions", lambda _: (["Who is Frodo?"], 0))
    report = evaluate_auto(library, 10, ["lexical", "dense"])
    assert list(report.settings) == ["lexical", "dense"]
    assert report.settings["lexical"]["title"]["hit@1"].mean == 1.0
    assert report.settings["lexical"]["title"]["hit@1"].questions == report.records == 4
    assert report.settings["lexical"]["cross-reference"] == {}
    assert report.abstention.foreign.questions == 1
    assert report.worst == evaluate_auto(library, 10, ["lexical"]).worst
    assert json.dumps(evaluate_auto(library, 10, ["lexical", "dense"]).to_json()) == json.dumps(report.to_json())


def test_unknown_settings_and_empty_libraries_are_refused(library, tmp_path):
    with pytest.raises(BadSettings, match="magic"):
        evaluate_auto(library, 5, ["magic"])
    with a_library(tmp_path / "empty") as empty, pytest.raises(LibraryMissing, match="lessons index"):
        evaluate_auto(empty, 5)


def test_records_in_other_languages_are_asked_about(tmp_path):
    texts = {
        "泵.md": f"# 泵站事故\n\n## 经过\n\n{CHINESE}{'值班人员手动检查了所有阀门和电缆接头。' * 60}",
        "насос.md": f"# Насос\n\n## Что произошло\n\n{RUSSIAN} {'Бригада проверила каждый клапан и ушла. ' * 20}",
    }
    with a_library(tmp_path / "library") as library:
        library.add([prepared(library, name, text) for name, text in texts.items()])
        assert {item.query for item in known_items(library, 5, ["lead"])} == {CHINESE, RUSSIAN}


def test_what_documents_hold_is_printed_as_it_is(capsys):
    figure = Figure(0.5, 0.25, 0.75, 4)
    miss = Miss("title", "Is [bold]this[/bold] \x1b[31mred?", "A-1", "One [link]", None, "B-2", "[red]two[/red]")
    nothing = Abstention(figure, figure, Figure.of([]), ("Who \x1b]0;is [i]Frodo[/i]?",), ("[u]Why[/u]",), 2)
    kinds: dict[ItemKind, dict[str, Figure]] = {"title": {"hit@1": figure}, "lead": {}, "cross-reference": {}}
    _print_auto(Report(4, {"lead: none": 3}, {"hybrid": kinds}, nothing, (miss,)))
    out = capsys.readouterr().out
    assert "\x1b" not in out
    for text in (
        "Is [bold]this[/bold]",
        "One [link]",
        "[red]two[/red]",
        "[i]Frodo[/i]",
        "not found",
        "0.500 (0.25–0.75)",
    ):
        assert text in out
    assert "What this cannot show" in out


def test_the_command_measures_a_library(sample, monkeypatch, capsys):
    monkeypatch.setattr(auto, "JUDGED", 2)
    monkeypatch.setattr(auto, "foreign_questions", lambda _: (["Why does Lady Macbeth walk in her sleep?"], 43))

    def call(*words):
        monkeypatch.setattr(sys, "argv", ["lessons", "eval", "auto", "--library", str(sample.folder), *words])
        with pytest.raises(SystemExit) as stop:
            main()
        return stop.value.code or 0, capsys.readouterr()

    status, said = call("--questions", "3", "--json")
    found = json.loads(said.out)
    assert status == 0
    assert found["settings"]["hybrid+rerank"]["title"]["hit@1"] == {
        "mean": 1.0,
        "low": 1.0,
        "high": 1.0,
        "questions": 3,
    }
    assert found["abstention"]["foreign"]["mean"] == 1.0
    assert found["limits"]
    status, said = call("--questions", "2", "--compare", "lexical,dense")
    assert status == 0
    assert re.search(r"lexical *\n.*hit@1(.|\n)*title +2 +1.000(.|\n)*dense *\n(.|\n)*title +2 +1.000", said.out)
    assert call("--compare", "magic")[0] == 2
