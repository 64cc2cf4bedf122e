"""The library's own acronyms: found where documents explain them, gone with these, and searched for both ways."""

import time

import pytest

from index.acronyms import find, other_forms
from index.library import Library
from index.reindex import reindex
from index.settings import IndexSettings
from tests.fakes import HashEmbedder, a_library, prepared

PLAN = """---
id: PLAN-1
unit: Water
---
# Plan

The order asked for six Emergency Water
Points (EWPs), built by crews of four.
"""
USED = "---\nid: USED-{0}\nunit: Field\n---\n# Site {0}\n\nThe EWP of site{0} was late because the bridge was closed.\n"
SPELT = "---\nid: SPELT-{0}\n---\n# Review {0}\n\nHeld as an after action review{0}: after action review of site{0}.\n"
GLOSSARY = """---
id: GLOSSARY-1
---
# Terms

After Action Review (AAR). Information Technology (IT). Lunar Excavation Advanced Drill (LEAD).
World Health Organization (WHO). Unit Stores (US).
"""


@pytest.fixture
def library(tmp_path):
    with a_library(tmp_path / "library") as opened:
        texts = {"plan": PLAN, "glossary": GLOSSARY}
        texts |= {f"used{n}": USED.format(n) for n in range(3)} | {f"spelt{n}": SPELT.format(n) for n in range(3)}
        texts |= {f"store{n}": f"# Store {n}\n\nA unit with stores.\n" for n in range(3)}
        texts["led"] = "# Led\n\nThe lead engineer took the lead, and it was the lead story.\n"
        opened.add([prepared(opened, f"{name}.md", text) for name, text in texts.items()])
        yield opened


def other(library, query):
    with library.snapshot() as view:
        return other_forms(library.catalogue, query, view.rarity)


def found(library, query, **options):
    return {hit.lesson_id for hit in library.search(query, 20, mode="lexical", **options).hits}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("an Emergency Water Point (EWP) in town", ("EWP", "Emergency Water Point")),
        ("an Emergency Water\n  Point (EWP) in town", ("EWP", "Emergency Water Point")),
        ("the Emer-\ngency Water Point (EWP)", ("EWP", "Emergency Water Point")),
        ("the Emer\u00ad\ngency Water Point (EWP)", ("EWP", "Emergency Water Point")),
        ("an EWP (Emergency Water Point) in town", ("EWP", "Emergency Water Point")),
        ("two After Action Reviews (AARs)", ("AAR", "After Action Reviews")),
        ("of **High-Level Working Group** [HLWG]", ("HLWG", "High-Level Working Group")),
        ("the “Forward Operating Base” (“FOB”)", ("FOB", "Forward Operating Base")),
        ("of the Department of Defense (DoD)", ("DoD", "Department of Defense")),
        ("coronavirus disease 2019 (COVID-19)", ("COVID-19", "coronavirus disease 2019")),
        ("posttraumatic stress disorder (PTSD)", ("PTSD", "posttraumatic stress disorder")),
        ("Standard Operating Procedures (SOPs, see below)", ("SOP", "Standard Operating Procedures")),
        ("the United Nations (U.N.) sent", ("UN", "United Nations")),
        ("the Shuttle Safety System (SSS)", ("SSS", "Shuttle Safety System")),  # no shorter part of it will do
    ],
)
def test_an_explained_acronym_is_found(text, expected):
    assert find(text) == [expected]


@pytest.mark.parametrize(
    "text",
    [
        "They went to the camp (IDP).",
        "as shown (Figure 3) and (see above)",
        "of the Emergency\n\nWater Point (EWP)",
        "of the Emergency. Water Point (EWP)",
        "identical requirements at the system level (ISS)",
        "samples of European ancestry (OR)",
        "the EWP team (EWP)",
        "(EWP) alone",
        "one item (a) and the others (b)",
        "Emergency Water Point (ewp)",
    ],
)
def test_what_explains_nothing_is_not(text):
    assert find(text) == []


def test_a_query_is_joined_by_the_form_that_passages_have_more_often(library):
    assert other(library, "late emergency water points") == ["ewp"]
    assert other(library, "AAR of the bridge") == ["action", "review"]
    assert other(library, "aars of the bridge") == ["action", "review"]
    assert other(library, "after action review of the bridge") == []  # the acronym is nowhere else
    assert other(library, "EWP at the bridge") == []
    assert other(library, "the AAR (after action review)") == []
    assert other(library, "") == other(library, "bridge") == []


def test_records_that_write_it_the_other_way_are_found(library, tmp_path):
    used, spelt = {f"USED-{n}" for n in range(3)}, {f"SPELT-{n}" for n in range(3)}
    assert found(library, "emergency water points") >= used
    assert found(library, "AAR") >= spelt
    with Library.open(tmp_path / "library", IndexSettings(acronyms=False), embedder=HashEmbedder()) as plain:
        assert not found(plain, "emergency water points") & used
        assert not found(plain, "AAR") & spelt


def test_a_question_for_the_meaning_finds_the_explanation(library):
    for question in ("What is an EWP?", "what does ewp stand for"):
        assert library.search(question, mode="lexical").hits[0].lesson_id == "PLAN-1"
        assert {"emergenc", "water", "point"} <= set(library.rarity(question))
    assert set(library.rarity("EWP late")) == {"ewp", "late"}


def test_ordinary_words_are_not_taken_for_acronyms(library):
    assert other(library, "the US of the town") == ["unit", "store"]
    assert other(library, "how was it done") == []
    assert other(library, "HOW WAS IT DONE") == []
    assert other(library, "who took the lead and told us") == []
    assert other(library, "our IT failed the WHO") == ["inform", "technolog", "world", "health", "organiz"]


def test_filters_hold_for_what_is_found_by_the_other_form(library):
    assert found(library, "emergency water points", filters={"unit": "Water"}) == {"PLAN-1"}
    assert found(library, "emergency water points", filters={"unit": "Field"}) == {f"USED-{n}" for n in range(3)}


def test_an_acronym_goes_with_the_last_file_that_explains_it(library):
    library.add([prepared(library, "copy.md", PLAN.replace("PLAN-1", "PLAN-2"))])
    library.remove(["/documents/plan.md"])
    assert other(library, "emergency water points") == ["ewp"]
    library.add([prepared(library, "copy.md", "# Plan\n\nSix points for water, built by crews of four.\n")])
    assert other(library, "emergency water points") == []
    assert not library.catalogue.rows("SELECT 1 FROM acronyms WHERE short = 'EWP'")


@pytest.mark.parametrize(
    ("second", "expected"), [(2, "preliminari design review post damag report"), (1, "preliminari design review")]
)
def test_of_several_meanings_the_most_frequent_are_taken(second, expected, tmp_path):
    with a_library(tmp_path / "library") as library:
        meanings = {"Preliminary Design Review": 4, "Post Damage Report": second, "Pump Dry Run": 1}
        notes = [f"The {name} (PDR) of site {at}." for name, count in meanings.items() for at in range(count)]
        notes += [f"The {name} of site {at}." for name in meanings for at in range(10)]
        library.add([prepared(library, f"{at}.md", f"# Note\n\n{note}\n") for at, note in enumerate(notes)])
        assert other(library, "PDR at the bridge") == expected.split()
        assert other(library, "the PDR of a pump dry run") == []  # it says which is meant


def test_of_an_acronym_with_several_meanings_the_most_frequent_is_asked_for(tmp_path):
    with a_library(tmp_path / "library") as library:
        notes = ["The Preliminary Design Review (PDR)."] * 3 + ["The Post Damage Report (PDR)."] * 2
        library.add([prepared(library, f"{at}.md", f"# Note {at}\n\n{note}\n") for at, note in enumerate(notes)])
        assert set(library.rarity("What is a PDR?")) >= {"preliminari", "design", "review"}
        assert "damag" not in library.rarity("What is a PDR?")


def test_of_a_full_name_the_acronym_in_most_of_the_oldest_records_is_taken(tmp_path, monkeypatch):
    monkeypatch.setattr("index.acronyms.COUNTED", 4)
    with a_library(tmp_path / "library") as library:
        shorts = ["EWP", "EWP", "EWP", "EMWP", "EMWP", "EMWP", "EMWP"]
        notes = [f"# Note {at}\n\nAn Emergency Water Point ({short}).\n" for at, short in enumerate(shorts)]
        notes += [f"# Site {at}\n\nThe EWP and the EMWP.\n" for at in range(20)]
        library.add([prepared(library, f"{at}.md", note) for at, note in enumerate(notes)])
        assert other(library, "emergency water point") == ["ewp"]


@pytest.mark.parametrize(
    "text",
    [
        "The a-" + "\n" * 200_000 + "1 end",
        "\u00ad" * 200_000 + "\n" * 200_000,
        f"{'a-' * 150} (AAAAAAAAAB) " * 3_000,
        "(" * 200_000 + "AB)" * 1_000,
    ],
    ids=["newlines", "soft hyphens", "hyphens", "brackets"],
)
def test_a_hostile_text_takes_seconds_at_most(text):
    started = time.process_time()
    find(text)
    assert time.process_time() - started < 20


@pytest.mark.parametrize("way", ["reindexed", "added to"])
def test_a_library_without_them_learns_them_when_it_is(way, library):
    before = library.catalogue.rows("SELECT * FROM acronyms ORDER BY 1, 2")
    library.remove(["/documents/glossary.md"])
    with library.catalogue.transaction():
        library.catalogue.rows("DELETE FROM acronyms")
        library.catalogue.set_meta({"acronyms": ""})
    assert other(library, "emergency water points") == []
    if way == "reindexed":
        reindex(library, library.manifest.embedder, embedder=library.embedder)
    else:
        library.add([prepared(library, "new.md", "# New\n\nNothing.\n")])
    assert library.catalogue.rows("SELECT * FROM acronyms ORDER BY 1, 2") == [row for row in before if row[0] == "EWP"]
    assert other(library, "emergency water points") == ["ewp"]
