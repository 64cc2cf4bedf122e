"""Who may read a record, and which collection it belongs to, as a document states them."""

from dataclasses import replace
from pathlib import Path

import pytest

from ingest.exchange import to_markdown
from ingest.metadata import metadata
from ingest.model import Document, Provenance
from ingest.readers import read as reading
from ingest.recognise import recognise


def read(text, root=None, **given):
    return metadata(Document(text, **given), Path("/library/safety-board/2020/notes.md"), root=root and Path(root))


@pytest.mark.parametrize(
    ("fields", "access"),
    [({"access": "Restricted"}, "restricted"), ({"Access": "Board members"}, "board members"),
     ({"access": "internal, board"}, "internal; board"), ({"Security-Classification": "  Level  2. "}, "level 2"),
     ({"classification": "OFFICIAL-SENSITIVE"}, "official-sensitive"), ({"tlp": "AMBER+STRICT"}, "tlp:amber+strict"),
     ({"classification": "Human error"}, None), ({"access": "n/a"}, None)],
)  # fmt: skip
def test_who_may_read_it_as_front_matter_says(fields, access):
    assert read("Text.", fields=fields).get("access") == ((access, Provenance("frontmatter")) if access else None)
    found = read("Access label: public", fields=fields)["access"]
    assert found == (
        (f"{access}; public", Provenance("frontmatter")) if access else ("public", Provenance("label", 14, 20))
    )


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


PROSE = "Only for members of the investigation board and for their legal counsel"


def front(block, mark="---", name="notes.md", text="# Pump\n\nIt stopped.\n"):
    path = Path("/library") / name
    return [each.access for each in recognise(reading(path, f"{mark}\n{block}\n{mark}\n{text}".encode()), path)]


def test_a_label_that_is_too_long_closes_the_record():
    assert front(f"access: {PROSE}") == [PROSE.lower()[:60].rstrip()]
    assert front(f"access: Restricted, {PROSE}") == [f"restricted; {PROSE.lower()[:60].rstrip()}"]
    assert front(f"access: Restricted - {PROSE}") == ["restricted"]
    many = [f"unit {number}" for number in range(20)]
    assert front(f"access: [{', '.join(many)}]") == ["; ".join(many)]
    path = Path("/library/log.csv")
    (made,) = recognise(reading(path, f"title,lesson,Access\nPump,Clean it,{PROSE}\n".encode()), path)
    assert made.access == PROSE.lower()[:60].rstrip()


def test_prose_of_a_text_is_no_label():
    assert "access" not in read(f"Access: the road is open to trucks in summer\n\nAccess rights: {PROSE}")
    assert (
        read("Releasability: " + ", ".join(["USA"] + [f"unit {n}" for n in range(9)]))["access"].value[:9]
        == "usa; unit"
    )


@pytest.mark.parametrize(
    ("block", "access"),
    [("access: [[restricted], [[board]]]", "restricted; board"), ("access: [{of: board}]", "of: board"),
     ("access: restricted\naccess: public", "restricted; public"), ("Access: board\naccess: public", "board; public"),
     ("access: public\nclassification: secret", "public; secret"), ("access: '[restricted]'", "restricted"),
     ("access: public\nsecurity: {classification: secret}", "public; secret"),
     ("classification: [Secret, Legal]", "secret; legal"),
     ("classification: Nato secret until 2030", "nato secret until 2030"),
     ("access: &a [x, y]\naccess: *a", "x; y"),
     ("title: [unclosed\naccess: board", "board"), ("title: [unclosed\naccess:\n  - board\n  - legal", "board; legal")],
)  # fmt: skip
def test_no_label_of_the_front_matter_is_lost(block, access):
    assert front(block) == [access]


def test_no_label_of_an_edited_export_is_lost():
    (lesson,) = recognise(Document("It stopped."), Path("pump.md"))
    path, exported = Path("/library/pump.md"), to_markdown(replace(lesson, access="legal"), "It stopped.", "")
    for found, said in {
        "legal; secret": "access: legal\nclassification: secret",
        "board; legal": "access: [[board], legal]",
        "legal; public": "access: legal\naccess: public",
    }.items():
        document = reading(path, exported.replace("access: legal", said, 1).encode())
        assert [each.access for each in document.lessons] == [found]


def test_front_matter_in_toml():
    document = reading(
        Path("a.md"),
        b'+++\ntitle = "Pump"\ndate = 2021-03-14\ntags = ["a", "b"]\naccess = [["Restricted"]]\n+++\nIt stopped.\n',
    )
    assert document.fields == {"title": "Pump", "date": "2021-03-14", "tags": "a, b", "access": "Restricted"}
    assert document.text == "It stopped.\n"
    assert front('[params]\naccess = "board"', "+++") == ["board"]
    broken = reading(Path("a.md"), b'+++\naccess = "board"\naccess = "legal"\n+++\nIt stopped.\n')
    assert "TOML" in broken.warnings[0]
    assert metadata(broken, Path("a.md"))["access"].value == "board; legal"


@pytest.mark.parametrize(
    ("data", "access"),
    [('{"access": "restricted", "access": "public", "lessons": [{"title": "a", "lesson": "x"}]}', "restricted; public"),
     ('{"Access": "board", "access": "public", "lessons": [{"title": "a", "lesson": "x"}]}', "board; public"),
     ('[{"title": "a", "lesson": "x", "access": "board", "access": "public"}]', "board; public"),
     ('[{"title": "a", "lesson": "x", "access": [["board"], "legal"]}]', "board; legal")],
)  # fmt: skip
def test_no_label_of_a_json_file_is_lost(data, access):
    path = Path("/library/a.json")
    assert [each.access for each in recognise(reading(path, data.encode()), path)] == [access]


def test_no_label_of_a_table_is_lost():
    table = (
        "| ID | Event | Lesson | Access | Access |\n|-|-|-|-|-|\n"
        "| A-1 | It fell | Tie it | board | public |\n| A-2 | It broke | Test it | | |\n"
    )
    assert front("title: Log", text=f"# Log\n\n{table}") == ["board; public", None]
