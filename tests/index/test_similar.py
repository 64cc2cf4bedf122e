"""Near-duplicates are found whatever the order they come in, linked both ways, and forgotten with their records."""

import random
import time
from pathlib import Path

import pytest

from index.similar import LINKED, shingles
from ingest.prepare import prepare
from tests.fakes import a_library, prepared

CHANCE = random.Random(5)
WORDS = [f"w{number}" for number in range(2000)]
TEXT = CHANCE.choices(WORDS, k=300)


def note(words):
    return "# Note\n\n" + " ".join(words)


@pytest.fixture
def library(tmp_path):
    with a_library(tmp_path) as opened:
        yield opened


@pytest.mark.parametrize("share", [0.2, 0.45, 0.55, 0.8, 1.0])
@pytest.mark.parametrize("first", ["whole", "part"])
def test_half_of_the_shorter_text_links(library, share, first):
    """The copied words stand together, so that nearly the same share of sequences is shared."""
    copied = TEXT[: round(share * len(TEXT))]
    texts = {"whole": TEXT, "part": copied + CHANCE.choices(WORDS, k=len(TEXT) - len(copied))}
    order = ["whole", "part"] if first == "whole" else ["part", "whole"]
    found = [library.add([prepared(library, f"{name}.md", note(texts[name]))]) for name in order]
    assert found == [0, int(share >= LINKED)]
    for name, other in (("whole", "part"), ("part", "whole")):
        similar = library.get(f"{name}#1").similar
        assert [lesson_id for lesson_id, _ in similar] == ([f"{other}#1"] if share >= LINKED else [])
        assert all(abs(shared - share) < 0.06 for _, shared in similar)


def test_an_extract_is_linked_with_the_whole(library):
    library.add([prepared(library, "whole.md", note(TEXT * 1)), prepared(library, "extract.md", note(TEXT[100:180]))])
    assert [lesson_id for lesson_id, _ in library.get("extract#1").similar] == ["whole#1"]


def test_short_texts_and_common_phrases_do_not_link(library):
    phrase = TEXT[:20]
    library.add([prepared(library, f"n{number}.md", note(phrase)) for number in range(3)])
    library.add(
        [prepared(library, f"l{number}.md", note(phrase + CHANCE.choices(WORDS, k=200))) for number in range(3)]
    )
    assert all(not library.get(f"{name}{number}#1").similar for name in "nl" for number in range(3))


def test_links_go_with_their_records(library):
    library.add([prepared(library, "a.md", note(TEXT)), prepared(library, "b.md", note(TEXT))])
    library.remove(["/documents/a.md"])
    assert library.get("b#1").similar == ()
    library.add([prepared(library, "a.md", note(TEXT))])
    assert library.get("b#1").similar == (("a#1", 1.0),)
    library.add([prepared(library, "a.md", note(CHANCE.choices(WORDS, k=300)))])
    assert library.get("b#1").similar == ()


def test_case_and_punctuation_do_not_matter():
    text = "The pump stopped; nobody had cleaned the inlet filter since March."
    assert shingles(text) == shingles(text.upper().replace(";", " -"))
    assert shingles("only seven words are in this one") == set()


def test_a_form_that_all_rows_share_costs_little_and_links_none(library):
    """What was a sentence of all records in common must not make every pair a comparison."""
    form = " ".join(TEXT[:100])
    rows = "\n".join(f'"{form} {" ".join(CHANCE.choices(WORDS, k=60))}",x' for _ in range(400))
    one = prepare(
        Path("/documents/form.csv"), f"Event,Effect\n{rows}\n".encode(), library.embedder.tokens, 64, mtime_ns=1
    )
    started = time.perf_counter()
    linked = library.add([one])
    assert time.perf_counter() - started < 20
    assert linked < 50 * 50
