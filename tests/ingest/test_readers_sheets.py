"""Excel workbooks: logs become records, other sheets their tables."""

import datetime as dt
import io
from pathlib import Path

import openpyxl
import pytest

from ingest.errors import UnreadableFile
from ingest.model import Record
from ingest.readers import read
from ingest.recognise import recognise

LOG = [
    ["ID", "Title", "What happened", "Lesson learned", "Date", "Owner role"],
    [7, "Pump stopped", "The pump stopped.\nIt was cold.", "Heat it.", dt.datetime(2021, 3, 14), "Deck officer"],
    [8.0, "Valve stuck", "The valve stuck.", "Grease it.", dt.date(2021, 4, 2), None],
]


def book(name="log.xlsx", **sheets):
    made = openpyxl.Workbook()
    made.remove(made.active)
    for title, rows in sheets.items():
        sheet = made.create_sheet(title.replace("_", " "))
        for row in rows:
            sheet.append(row)
    return opened(made, name)


def opened(made, name="log.xlsx"):
    stream = io.BytesIO()
    made.save(stream)
    return read(Path(name), stream.getvalue())


def test_log_becomes_records():
    document = book(Log=LOG)
    first, second = document.records
    assert document.text[first.start : first.end] == (
        "Pump stopped\n\nWhat happened\nThe pump stopped.\nIt was cold.\n\nLesson learned\nHeat it.\n\n"
        "Details\nOwner role: Deck officer"
    )
    assert first.fields == {"id": "LOG-7", "title": "Pump stopped", "event_date": "2021-03-14"}
    assert second.fields["id"] == "LOG-8"
    assert (document.page_names, document.page_starts) == (("sheet Log",), (0,))
    assert [lesson.lesson_id for lesson in recognise(document, Path("log.xlsx"))] == ["LOG-7", "LOG-8"]


def test_title_rows_above_the_header_and_other_sheets():
    document = book(
        Log=[["Project Alpha"], ["Prepared by", "Deck"], [], *LOG],
        Read_me=[["How to use this workbook"], ["Column", "Meaning"], ["Title", "What\nit is"]],
    )
    read_me = document.text.index("Read me")
    assert document.text.startswith("Project Alpha\n\nPrepared by | Deck\n\nPump stopped\n")
    assert document.text[read_me:] == "Read me\n\nHow to use this workbook\n\nColumn | Meaning\nTitle | What it is"
    assert document.page_names == ("sheet Log", "sheet Read me")
    assert document.page_starts == (0, read_me)
    assert [(record.fields["title"], record.fields.get("kind")) for record in document.records] == [
        ("Pump stopped", None), ("Valve stuck", None), ("Read me (log.xlsx)", "reference"),
    ]  # fmt: skip
    assert document.records[0].start == 0
    last = document.records[-1]
    assert document.text[last.start : last.end] == document.text[read_me:]
    assert [heading.title for heading in last.headings] == ["Read me"]
    kinds = [lesson.kind for lesson in recognise(document, Path("log.xlsx"))]
    assert (len(kinds), kinds[-1], "reference" in kinds[:-1]) == (3, "reference", False)


def test_lists_of_values_are_one_reference_after_the_sheets_with_sentences():
    document = book(
        "pumps.xlsx",
        Lists=[["Status", "Priority"], ["Open", "High"], ["Closed", "Low"]],
        Log=LOG,
        Notes=[["How to fill in this log"], ["Write one row for each lesson. Keep it short."]],
        Codes=[["P", "Pump"], ["V", "Valve"]],
    )
    assert document.page_names == ("sheet Log", "sheet Notes", "sheet Lists", "sheet Codes")
    assert [record.fields["title"] for record in document.records] == [
        "Pump stopped", "Valve stuck", "Notes (pumps.xlsx)", "Lists, Codes (pumps.xlsx)",
    ]  # fmt: skip
    notes, lists = document.records[2:]
    assert document.text[notes.start : notes.end].endswith("Keep it short.")
    assert document.text[lists.start : lists.end] == (
        "Lists\n\nStatus | Priority\nOpen | High\nClosed | Low\n\nCodes\n\nP | Pump\nV | Valve"
    )
    kinds = [lesson.kind for lesson in recognise(document, Path("pumps.xlsx"))]
    assert kinds[2:] == ["reference", "reference"]


def test_a_log_without_rows_beside_one_with_rows_is_kept():
    document = book("site.xlsx", North=LOG, South=[["Site South"], LOG[0]])
    last = document.records[-1]
    assert (len(document.records), last.fields) == (3, {"title": "South (site.xlsx)", "kind": "reference"})
    assert document.text[last.start : last.end].startswith("Site South\n\nID | Title")


def test_several_logs_have_ids_of_their_own():
    document = book("site.xlsx", North=LOG, South=[*LOG, [8, "Again", "x", "y", None, None]])
    ids = [record.fields.get("id") for record in document.records]
    assert ids == ["SITE-NORTH-7", "SITE-NORTH-8", "SITE-SOUTH-7", "SITE-SOUTH-8", None]
    assert document.warnings == ("Sheet South: Ids used more than once; later records go without: SITE-SOUTH-8.",)
    for record in document.records:
        assert isinstance(record, Record)
        for heading in record.headings:
            assert document.text[heading.start : heading.end] == heading.title


def test_workbook_without_a_log_is_a_document():
    document = book(
        Costs=[["Item", None, "Cost"], ["Pump", None, 1234.5], [], ["Total"], ["Year", None, "Sum"]],
        Actions=[["Action", "Owner", "Status"], ["Check", "Deck", "open"]],
        Sheet3=[["a", "b"], ["c", "d"]],
        Empty=[],
    )
    assert document.text == (
        "Costs\n\nItem | Cost\nPump | 1234.5\n\nTotal\n\nYear | Sum\n\n"
        "Actions\n\nAction | Owner | Status\nCheck | Deck | open\n\na | b\nc | d"
    )
    assert document.records == ()
    assert document.page_names == ("sheet Costs", "sheet Actions", "sheet Sheet3")
    assert [heading.title for heading in document.headings] == ["Costs", "Actions"]


def test_log_without_rows():
    document = book(Log=LOG[:1], Notes=[["a", "b"]])
    assert document.text == "ID | Title | What happened | Lesson learned | Date | Owner role\n\nNotes\n\na | b"
    assert document.records == ()


def test_values_as_they_are_shown():
    made = openpyxl.Workbook()
    sheet = made.active
    values = (
        True,
        False,
        dt.datetime(2021, 3, 14, 9, 30),
        dt.time(8, 5),
        0.1 + 0.2,
        1e20,
        "  a_x000D_\nb ",
        "#N/A",
        0.125,
    )
    for column, value in enumerate(values, 1):
        sheet.cell(1, column, value)
        sheet.cell(2, column, "x")
    sheet.cell(1, 9).number_format = "0.0%"
    assert opened(made).text.split("\n")[0] == ("yes | no | 2021-03-14 09:30 | 08:05 | 0.3 | 1e+20 | a b |  | 12.5%")


def test_hidden_sheets_are_named():
    made = openpyxl.Workbook()
    made.active.append(["a", "b"])
    made.create_sheet("Lists").append(["secret"])
    made["Lists"].sheet_state = "hidden"
    document = opened(made)
    assert "secret" not in document.text
    assert document.warnings == ("Hidden sheets were left out: Lists.",)


def test_macro_workbook_is_read_and_its_title_is_the_property():
    made = openpyxl.Workbook()
    made.properties.title = "Lessons of the pump project"
    made.active.append(["a", "b"])
    document = opened(made, "log.xlsm")
    assert (document.title, document.text) == ("Lessons of the pump project", "a | b")


def test_empty_workbook():
    with pytest.raises(UnreadableFile, match="no text"):
        opened(openpyxl.Workbook())
