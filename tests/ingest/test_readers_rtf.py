"""Rich text."""

from pathlib import Path

import pytest

from ingest.errors import UnreadableFile
from ingest.readers import read

RTF = rb"""{\rtf1\ansi\ansicpg1252{\fonttbl{\f0 Arial;}}{\info{\title Hidden}}
{\b PUMP REVIEW}\par\par The pump caf\'e9 froze \u8212?twice.\par\par
\trowd\cellx1000\cellx2000 Issue\cell Owner\cell\row
\trowd\cellx1000\cellx2000 Valve\cell \cell\row
\pard After it|.\par}"""


def test_text_and_table():
    document = read(Path("a.rtf"), RTF)
    assert document.text == ("PUMP REVIEW\n\nThe pump café froze —twice.\n\nIssue | Owner\nValve | \nAfter it|.")
    assert [(h.title, h.start) for h in document.headings] == [("PUMP REVIEW", 0)]
    assert document.title == "PUMP REVIEW"


def test_no_rich_text():
    with pytest.raises(UnreadableFile, match="no rich text"):
        read(Path("a.rtf"), b"plain")


def test_hidden_text_is_left_out_and_told():
    rich = rb"{\rtf1\ansi {\v hidden }It froze. \v gone \v0 Twice.\viewkind4 {\b Then}.}"
    document = read(Path("a.rtf"), rich)
    assert document.text == "It froze. Twice.Then."
    assert "Hidden text was left out" in document.warnings[0]
