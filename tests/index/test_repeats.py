"""Events that happened again are told from copies, from one event told twice, and from events that share a word."""

import pytest

from index.repeats import LINKED, read_events
from tests.fakes import a_library, prepared

GENERATOR = "the standby generator started but the transfer switch never moved"


def report(title, date, happened, cause):
    return (
        f"# {title}\n\nDate: {date}\n\n## What happened\n\n{happened}\n\n## Impact\n\nWork stopped.\n\n"
        f"## Root cause\n\n{cause}\n"
    )


CLINIC = report(
    "Clinic dark",
    "2018-05-19",
    f"In the clinic {GENERATOR} and patients waited for an hour.",
    "The transfer switch had corroded in storage.",
)
PLANT = report(
    "Plant dark",
    "2022-04-03",
    f"At the plant {GENERATOR}; pressure fell in town until noon.",
    "The transfer switch was left in manual.",
)
OTHERS = [
    report(
        f"Case {number}",
        f"2020-0{number + 1}-11",
        f"The {thing} of the eastern depot was {done} by its crew in the morning.",
        f"Nobody had {done} a {thing} before, and the guide to the {thing} was lost.",
    )
    for number, (thing, done) in enumerate(
        [("lorry", "overturned"), ("ledger", "misread"), ("bridge", "overloaded"), ("pump", "flooded"),
         ("antenna", "bent"), ("kitchen", "burned"), ("tent", "torn")]
    )
]  # fmt: skip


@pytest.fixture
def library(tmp_path):
    with a_library(tmp_path) as opened:
        opened.add([prepared(opened, f"other{n}.md", text) for n, text in enumerate(OTHERS)])
        opened.compare_events()
        yield opened


def test_a_new_record_that_repeats_an_event_is_linked_both_ways_and_told(library):
    library.add([prepared(library, "clinic.md", CLINIC)])
    assert library.compare_events() == []
    library.add([prepared(library, "plant.md", PLANT)])
    assert library.compare_events() == [("plant#1", "clinic#1")]
    assert [lesson_id for lesson_id, _ in library.get("clinic#1").repeats] == ["plant#1"]
    ((lesson_id, score),) = library.get("plant#1").repeats
    assert (lesson_id, score >= LINKED) == ("clinic#1", True)
    assert len(library.repeats()) == 1
    assert library.compare_events() == []


def test_a_copy_is_no_repeat(library):
    library.add([prepared(library, "clinic.md", CLINIC), prepared(library, "copy.md", CLINIC.replace("2018", "2019"))])
    assert library.compare_events() == []
    assert library.get("copy#1").similar


@pytest.mark.parametrize("date", ["2018-05-19", "2022-04-03"])
def test_one_event_told_twice_is_no_repeat(library, date):
    """It has the same day, or names it."""
    named = CLINIC.replace("for an hour", "for an hour on 19 May 2018")
    again = PLANT.replace("2022-04-03", date).replace("until noon", "until noon on 19 May 2018")
    library.add([prepared(library, "clinic.md", named), prepared(library, "plant.md", again)])
    assert library.compare_events() == []


def test_a_success_repeats_nothing(library):
    good = "# Plant lit\n\nDate: 2022-04-03\n\n## What went well\n\nAt the plant the transfer switch moved at once.\n"
    library.add([prepared(library, "clinic.md", CLINIC), prepared(library, "plant.md", good)])
    assert library.compare_events() == []


def test_links_go_with_their_records(library):
    library.add([prepared(library, "clinic.md", CLINIC), prepared(library, "plant.md", PLANT)])
    library.compare_events()
    library.remove(["/documents/clinic.md"])
    assert library.get("plant#1").repeats == ()
    assert library.repeats() == []
    library.add([prepared(library, "clinic.md", CLINIC)])
    assert library.compare_events() == [("plant#1", "clinic#1")]


def test_an_event_is_read_from_its_cause_first(library):
    sentences = " ".join(f"Sentence number {n} tells one more thing that happened there." for n in range(20))
    library.add([prepared(library, "long.md", CLINIC.replace("## Impact", f"{sentences}\n\n## Impact"))])
    number = next(record.number for record in library.records() if record.lesson_id == "long#1")
    (event,) = read_events(library.catalogue, [number])
    assert event.sentences[0] == "The transfer switch had corroded in storage."
    assert len(event.sentences) == 8
