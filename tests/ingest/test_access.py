"""Who may read a record, and which collection it belongs to, as a document states them."""

from pathlib import Path

import pytest

from ingest.metadata import metadata
from ingest.model import Document, Provenance


def read(text, root=None, **given):
    return metadata(Document(text, **given), Path("/library/safety-board/2020/notes.md"), root=root and Path(root))


@pytest.mark.parametrize(
    ("fields", "access"),
    [({"access": "Restricted"}, "restricted"), ({"Access": "Board members"}, "board members"),
     ({"access": "internal, board"}, "internal; board"), ({"Security-Classification": "  Level  2. "}, "level 2"),
     ({"classification": "OFFICIAL-SENSITIVE"}, "official-sensitive"), ({"tlp": "AMBER+STRICT"}, "tlp:amber+strict"),
     ({"classification": "Human error"}, None), ({"access": "n/a"}, None), ({"access": "word " * 20}, None)],
)  # fmt: skip
def test_who_may_read_it_as_front_matter_says(fields, access):
    found = read("Access label: public", fields=fields)["access"]
    assert found == ((access, Provenance("frontmatter")) if access else ("public", Provenance("label", 14, 20)))


@pytest.mark.parametrize(
    ("line", "access"),
    [("Access: Restricted", "restricted"), ("**Classification:** UNCLASSIFIED//FOUO", "unclassified//fouo"),
     ("| Releasability | REL TO USA, GBR |", "rel to usa; gbr"), ("TLP:GREEN", "tlp:green"),
     ("Distribution: for internal use only", "for internal use only"), ("Access level: Team A", "team a"),
     ("Distribution statement: A. Approved for public release", "a. approved for public release"),
     ("Access: helicopter only", None), ("Access: public road", None), ("Distribution: all section leads", None),
     ("Classification: Public health", None), ("Visibility: 10 miles", None), ("Sensitivity: high", None),
     ("Handling: use only with gloves", None), ("Access route: Restricted", None)],
)  # fmt: skip
def test_who_may_read_it_as_a_label_says(line, access):
    text = f"# Pump\n\n{line}\n\nThe pump stopped."
    found = read(text).get("access")
    assert (found and found.value) == access
    if found:
        assert found.provenance.method == "label"
        assert text[found.provenance.start : found.provenance.end] in line


def test_the_collection_is_the_one_stated_or_the_folder_that_was_indexed():
    def collection(text, root):
        return read(text, root).get("collection")

    assert collection("Text.", "/library/safety-board") == ("safety-board", Provenance("folder"))
    assert collection("Text.", "/library") == ("library", Provenance("folder"))
    assert collection("Collection: Air Safety", "/library") == ("Air Safety", Provenance("label", 12, 22))
    assert collection("Text.", "/") is None
    assert collection("Text.", None) is None
    assert collection("Library: libxml2\nRepository: org/repo", None) is None
