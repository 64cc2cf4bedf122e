"""Record files: one row, one record, and nothing lost."""

import json
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.errors import UnreadableFile
from ingest.readers import read

NASA = Path(__file__).parents[3] / "shared" / "data" / "nasa-llis" / "llis.jsonl"
SAFENET = Path(__file__).parents[3] / "shared" / "data" / "safenet" / "safenet.jsonl"


def table(text, name="log.csv"):
    return read(Path(name), text.encode())


def rows(*objects, name="lessons.jsonl"):
    return read(Path(name), "\n".join(map(json.dumps, objects)).encode())


LLIS = {
    "id": "431",
    "url": "https://example.org/431",
    "title": "Cross-mated connectors",
    "abstract": "None",
    "driving_event": "<p>Two connectors were swapped.</p><p>It recurred.</p>",
    "lessons_learned": "Mark them &amp; test them.",
    "recommendations": "See Lesson(s) Learned.",
    "organization": "JPL",
    "date_occurred": "02/28/1988",
    "publish_date": "03/04/1996",
    "mission_directorate": "Science",
    "phase": "Not Specified",
    "topics": "['Hardware', 'Test']",
}


def test_nasa_row():
    document = rows(LLIS)
    (record,) = document.records
    assert document.text == (
        "Cross-mated connectors\n\nDriving event\nTwo connectors were swapped.\n\nIt recurred.\n\n"
        "Lessons learned\nMark them & test them.\n\n"
        "Details\nPublish date: 03/04/1996\nMission directorate: Science\nTopics: Hardware, Test"
    )
    assert record.fields == {
        "id": "LLIS-431",
        "title": "Cross-mated connectors",
        "url": "https://example.org/431",
        "event_date": "1988-02-28",
        "written_date": "1996",
        "unit": "JPL",
        "topics": "Hardware, Test",
    }
    assert [(h.level, h.title) for h in record.headings] == [
        (1, "Cross-mated connectors"),
        (2, "Driving event"),
        (2, "Lessons learned"),
        (2, "Details"),
    ]


def spans_hold(document):
    for record in document.records:
        assert 0 <= record.start < record.end <= len(document.text)
        assert document.text[record.start : record.end].strip() == document.text[record.start : record.end]
        for heading in record.headings:
            assert record.start <= heading.start < heading.end <= record.end
            assert document.text[heading.start : heading.end] == heading.title


@pytest.mark.parametrize(
    ("values", "dates"),
    [
        (["03/04/2021", "25/12/2020"], ["2021-04-03", "2020-12-25"]),
        (["03/04/2021", "12/25/2020 13:30"], ["2021-03-04", "2020-12-25"]),
        (["03/04/2021", "05/06/2021"], ["2021", "2021"]),
        (["2021-03-04T10:00:00Z", "March 2020"], ["2021-03-04", "2020-03"]),
        (["soon", "2020"], [None, "2020"]),
    ],
)
def test_dates_by_column(values, dates):
    document = rows(*({"title": f"t{n}", "event date": value} for n, value in enumerate(values)))
    assert [record.fields.get("event_date") for record in document.records] == dates
    for value, date in zip(values, dates, strict=True):
        if date is None or (len(date) < 10 and date != value):
            assert f"Event date: {value}" in document.text


def test_ids():
    document = table("Number;Title;Lesson\n7;a;x\nPM-8;b;x\n2021-9;c;x\n7.0;d;x\n;e;x\n", "site log.csv")
    assert [record.fields.get("id") for record in document.records] == [
        "SITE-LOG-7", "PM-8", "SITE-LOG-2021-9", None, None,
    ]  # fmt: skip
    assert document.warnings == ("Ids used more than once; later records go without: SITE-LOG-7.",)


def test_a_text_is_no_id():
    (record,) = table(f"No,Title,Lesson\n{'long ' * 30},a,x\n").records
    assert "id" not in record.fields


def test_prince2_log():
    document = table(
        "Date logged,Event,Effect,Causes/trigger,Early warning,Recommendations,Priority\n"
        '2020-02-03,"The crane stopped. It was hot.",Two days lost,Fuse,None,Check fuses,High\n'
    )
    (record,) = document.records
    assert record.fields == {
        "written_date": "2020-02-03",
        "severity": "High",
        "title": "The crane stopped",
    }
    assert [heading.title for heading in record.headings] == [
        "The crane stopped", "Event", "Effect", "Causes/trigger", "Recommendations", "Details",
    ]  # fmt: skip
    assert document.text.endswith("Details\nPriority: High")  # the record says "major"; the log's own word stays


@pytest.mark.parametrize(
    ("columns", "access"),
    [
        ({"Access": "Restricted"}, "Restricted"),
        ({"Access label": "Board only", "Classification": "Secret"}, "board only; secret"),
        ({"TLP": "none", "Access": "Restricted"}, "Restricted"),
        ({"Access": "Public", "access": "Secret"}, "public; secret"),
        ({"Access": "Public", "Access (3)": "Secret"}, "public; secret"),
        ({"Access": "[Restricted]"}, "[Restricted]"),
        ({"Classification": "NATO Secret until the inquiry is closed"}, "NATO Secret until the inquiry is closed"),
        ({"Sensitivity": "Public"}, "Public"),
        ({"Classification": "Human error", "Handling": "Internal use only"}, "Internal use only"),
        ({"Classification": "Human error", "Visibility": "10 miles", "Distribution": "All leads"}, None),
    ],
)
def test_who_may_read_a_record(columns, access):
    (record,) = rows({"title": "a", "lesson": "x", **columns}).records
    assert record.fields.get("access") == access
    assert "marking" not in record.fields


def test_the_collection_of_a_record_is_in_its_field_only():
    document = rows({"title": "a", "lesson": "x", "Collection": "Air Safety", "Repository": "org/repo"})
    assert document.records[0].fields["collection"] == "Air Safety"
    assert document.text == "a\n\nLesson\nx\n\nDetails\nRepository: org/repo"


def test_table_without_any_known_column():
    document = table("a|b|c\n1|Blue door|x\n2|Red door|y\n")
    assert [record.fields["title"] for record in document.records] == ["Blue door", "Red door"]
    assert document.text.endswith("Red door\n\nDetails\nA: 2\nB: Red door\nC: y")


def test_title_of_a_row_of_numbers():
    assert table("a,b\n1,2\n").records[0].fields["title"] == "1"


@pytest.mark.parametrize(("word", "title"), [("word " * 40, "word " * 18 + "…"), ("w" * 120, "w" * 90)])
def test_long_title_is_cut_at_a_word(word, title):
    assert table(f"lesson\n{word}\n").records[0].fields["title"] == title


def test_long_unknown_column_is_a_section():
    document = table(f"Title,Remarks,Topics\nt,{'word ' * 60},{'topic ' * 60}\n")
    assert [heading.title for heading in document.records[0].headings] == ["t", "Remarks", "Details"]


def test_ragged_and_odd_header():
    document = table("\n\nTitle,,Title,Lesson\na,1,b,x\nc,2\n\nd,3,e,y,over\n")
    assert document.warnings == (
        "Rows with more or fewer cells than the header: 3, 5.",
        "Empty records were skipped: 3.",
    )
    assert "Column 2: 1" in document.text
    assert "Title (3): b" in document.text
    assert "Column 5: over" in document.text
    spans_hold(document)


def test_cells_over_many_lines_and_tabs():
    document = table('Title\tLesson\nt\t"one\ntwo, three"\n', "a.tsv")
    assert document.text == "t\n\nLesson\none\ntwo, three"


def test_delimiter_in_quoted_header():
    document = table('"Lessons; learned; all";Title\nx;t\n')
    assert document.records[0].fields["title"] == "t"


@pytest.mark.parametrize("after", ["x" * (2**20 + 1), "Check it.\nc,Look.\nd,Ask.\n"])
def test_quote_that_never_closes(after):
    with pytest.raises(UnreadableFile, match="row that begins in line 3") as error:
        table('Title,Lesson\na,b\nb,"' + after)
    assert "quotation mark that never closes" in error.value.remedy


def test_quote_that_closes_is_no_fault():
    (record,) = table('Title,Lesson\na,"first\nsecond "quoted" here"\n').records
    assert record.fields["title"] == "a"


def test_big_cell():
    lesson = "word " * 200_000
    document = table(f'Title,Lesson\na,"{lesson}"\n')
    assert document.text.endswith(lesson.strip())


@pytest.mark.parametrize("text", ["Title,Lesson\n", "Title,Lesson\n,\n"])
def test_no_rows(text):
    with pytest.raises(UnreadableFile, match="no rows"):
        table(text)


def test_broken_lines_are_named():
    document = read(Path("a.jsonl"), b'{"title": "a", "lesson": "x"}\n{broken\n\n[1]\n{"title": "b", "lesson": "y"}\n')
    assert len(document.records) == 2
    assert document.warnings == ("Lines that are no JSON object were skipped: 2, 4.",)
    with pytest.raises(UnreadableFile, match="No line"):
        read(Path("a.ndjson"), b"{broken\n")


def test_many_lines_in_a_message():
    document = read(Path("a.jsonl"), b"x\n" * 12 + b'{"title": "a"}')
    assert document.warnings[0].endswith("9, 10 and 2 more.")


@pytest.mark.parametrize(
    "value",
    [[{"title": "a", "lesson": "x"}], {"lessons": [{"title": "a", "lesson": "x"}]}, {"title": "a", "lesson": "x"}],
)
def test_json_shapes(value):
    document = read(Path("a.json"), json.dumps(value).encode())
    assert document.text == "a\n\nLesson\nx"


def test_json_around_the_list_is_the_file_s_own():
    document = read(Path("a.json"), b'{"Project": "Pump", "n": null, "lessons": [{"title": "a"}]}')
    assert document.fields == {"project": "Pump"}


@pytest.mark.parametrize("data", [b"[1, 2]", b'"text"', b"[]", b"{bad"])
def test_json_without_records(data):
    with pytest.raises(UnreadableFile):
        read(Path("a.json"), data)


def test_nested_values():
    document = rows(
        {"title": "a", "actions": [{"what": "check", "due": None}, {"what": "ask"}], "where": {"deck": 2}, "ok": True}
    )
    assert document.text == "a\n\nActions\n- what: check\n- what: ask\n\nDetails\nWhere: deck: 2\nOk: yes"


def test_lists_written_as_text():
    document = rows({"title": "a", "x": "One;Two;", "y": "['unclosed", "z": "['a' b']", "w": "['p', 'q']"})
    assert document.text.endswith("X: One, Two\nY: ['unclosed\nZ: ['a' b']\nW: p, q")


@given(st.lists(st.dictionaries(st.sampled_from(["id", "title", "lesson", "date", "x y", "Z"]), st.text()), min_size=1))
def test_any_rows(objects):
    try:
        document = rows(*objects)
    except UnreadableFile:
        return
    spans_hold(document)
    ids = [record.fields["id"] for record in document.records if "id" in record.fields]
    assert len(ids) == len(set(ids))


@pytest.mark.skipif(not NASA.exists(), reason="the shared data are not here")
def test_nasa_file():
    start = time.process_time()
    document = read(NASA, NASA.read_bytes())
    assert time.process_time() - start < 3 or sys.gettrace()  # measuring coverage takes its own time
    assert len(document.records) == 2102
    assert all(record.fields["id"].startswith("LLIS-") for record in document.records)
    assert all(len(record.fields["event_date"]) == 10 for record in document.records)
    assert not any("access" in record.fields for record in document.records)
    spans_hold(document)


@pytest.mark.skipif(not SAFENET.exists(), reason="the shared data are not here")
def test_safenet_file():
    document = read(SAFENET, SAFENET.read_bytes())
    first = document.records[0]
    assert len(document.records) == 2383
    assert first.fields["id"] == "68ZNMWSAFE"
    assert not any("access" in record.fields for record in document.records)
    assert first.fields["title"] == "QUESTIONABLE QUALIFICATIONS"
    assert [heading.title for heading in first.headings][1:] == [
        "Contributing factors", "Human factors", "Other factors", "Narrative", "Immediate action taken", "Details",
    ]  # fmt: skip


def test_no_column_of_a_log_is_lost():
    columns = "No.,Date raised,Observation,Recommendation,Action owner,Due,Status,Rating,Project"
    long = "A project name that is a whole sentence and goes on for more than a hundred characters, as no name is"
    document = table(f'{columns}\n7,2024-11-05,Mast bent,Use two,Rigger,2025-01-01,Closed,Positive,"{long}"\n')
    (record,) = document.records
    values = {**record.fields, "text": document.text}
    for value in ("7", "2024-11-05", "Mast bent", "Use two", "Rigger", "2025-01-01", "Closed", "Positive", long):
        assert any(value in kept for kept in values.values()), value
    assert long in document.text
    assert (record.fields["id"], record.fields["outcome"]) == ("LOG-7", "Positive")
