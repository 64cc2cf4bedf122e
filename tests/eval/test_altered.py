"""The measure of the proof: true sentences and altered ones."""

from random import Random

import pytest

from assistant.proof import Support
from eval import altered as module
from eval.altered import Quote, evaluate, quotes
from ingest.errors import BadDataset
from tests.fakes import a_library

TEXT = "On the Beacon project the pump was stopped for 40 minutes because the inlet (a mesh) was blocked by silt."
OTHER = "In the Curlew plant the lamp did not burn because the fuse of the panel was missing."
QUOTE, ELSEWHERE = Quote(TEXT, TEXT, "Pump"), Quote(OTHER, OTHER, "Lamp")


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("number", {f"{40 + step} minutes" for step in (2, 3, 7, 11, 30)}),
        ("name", {"On the Curlew project"}),
        ("negation", {"was not stopped", "was not blocked"}),
        ("cause", {"because on the Beacon project", "because the fuse of the panel was missing"}),
    ],
)
def test_one_thing_is_altered(kind, expected):
    for seed in range(20):
        text = module._ALTER[kind](QUOTE, ELSEWHERE, Random(seed))
        assert text != TEXT
        assert any(part in text for part in expected), text


def test_a_negation_is_taken_out_where_there_is_one():
    assert "the lamp did burn" in module._negation(ELSEWHERE, QUOTE, Random(1))


def test_a_sentence_without_the_thing_is_not_altered():
    plain = Quote("Silt blocked everything there.", "Silt blocked everything there.", "")
    assert [alter(plain, ELSEWHERE, Random(1)) for alter in module._ALTER.values()] == ["", "", "", ""]


@pytest.mark.parametrize("held", [True, False])
def test_what_is_caught_and_what_is_refused_are_counted_apart(monkeypatch, held):
    """A proof that accepts everything catches nothing, one that refuses everything refuses the true ones."""
    monkeypatch.setattr(module, "support", lambda *_, **__: Support(1.0 if held else 0.0, 0, 1))
    found = evaluate([QUOTE] * 5)
    assert found.caught_in_all == float(not held)
    assert found.refused == {"as it stands": float(not held), "shortened": float(not held)}
    assert found.altered["number"] == 5


def test_the_proof_catches_what_is_altered_in_real_records(sample):
    found = evaluate(quotes(sample, 60))
    assert found.caught_in_all >= 0.95, found.examples
    assert found.refused["as it stands"] <= 0.05, found.examples  # two tell "what could have happened"
    assert min(found.altered.values()) >= 5


def test_a_library_with_nothing_to_quote_is_refused(tmp_path):
    with a_library(tmp_path) as library, pytest.raises(BadDataset):
        evaluate(quotes(library, 10))
