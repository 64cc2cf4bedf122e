"""The independent check: a table of true and altered sentences, then each rule on its own."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.facts import Facts
from assistant.proof import SUPPORTED, Missing, Support, support

VALVE = (
    "On 14 March 2021 the oxidizer relief valve on STS-51L was not opened during the cold flow test. "
    "The test team lost 1,200 kg of propellant at 3.5 bar over five days. "
    "Boeing later replaced the seal, and no further leak was seen."
)
PUMP = (
    "The Marshall Space Flight Center found that the pump overheated because the contractor did not follow the written "
    "torque procedure. Temperatures reached 85 °C, about 12% above the limit. "
    "Training records were unavailable for two of the seven technicians."
)
CREW = (
    "The night crew worked for 16 hours without a break before the crane dropped the mirror. "
    "A pre-lift checklist existed, but it was never used.\n"
    "The Project Manager now requires two signatures before any lift."
)

PAIRS = [
    # said again in other words
    (True, VALVE, "The relief valve on STS-51L was not opened during the cold flow test."),
    (True, VALVE, "During the cold flow test the oxidizer relief valve was not opened."),
    (True, VALVE, "The team failed to open the relief valve in the cold flow test."),
    (True, VALVE, "In March 2021 the relief valve was never opened during the test."),
    (True, VALVE, "On 2021-03-14 the relief valve was not opened."),
    (True, VALVE, "The test team lost 1200 kilograms of propellant."),
    (True, VALVE, "About 1.2 tonnes of propellant were lost by the test team."),
    (True, VALVE, "Propellant was lost over 5 days at 3.5 bar."),
    (True, VALVE, "Boeing replaced the seal and saw no further leak."),
    (True, VALVE, "Boeing later replaced the seal."),
    (True, VALVE, "The seal was replaced, without any further leak."),
    (True, VALVE, "Five days of testing lost 1,200 kg of propellant, so Boeing replaced the seal."),
    (True, PUMP, "The pump overheated because the contractor didn't follow the torque procedure."),
    (True, PUMP, "The pump overheated because the contractor failed to follow written procedures."),
    (True, PUMP, "MSFC found that the pump overheated."),
    (True, PUMP, "Temperatures reached 85 degrees C, 12 percent above the limit."),
    (True, PUMP, "Training records for two technicians were not available."),
    (True, PUMP, "Two of seven technicians had no training records available."),
    (True, CREW, "The crew worked 16 hours without a break."),
    (True, CREW, "Before the mirror was dropped by the crane, the night crew had worked sixteen hours."),
    (True, CREW, "A checklist existed but was not used."),
    (True, CREW, "Any lift now requires 2 signatures."),
    # a number, unit or date changed
    (False, VALVE, "The test team lost 1,300 kg of propellant."),
    (False, VALVE, "The test team lost 1,200 pounds of propellant."),
    (False, VALVE, "Propellant was lost over six days at 3.5 bar."),
    (False, VALVE, "Propellant was lost over five weeks at 3.5 bar."),
    (False, VALVE, "On 14 April 2021 the relief valve was not opened."),
    (False, VALVE, "On 15 March 2021 the relief valve was not opened."),
    (False, PUMP, "Temperatures reached 85 °F, about 12% above the limit."),
    (False, PUMP, "Temperatures reached 85 °C, about 21% above the limit."),
    (False, PUMP, "Training records were unavailable for three of the seven technicians."),
    (False, CREW, "The night crew worked for 61 hours without a break."),
    # a name or identifier changed
    (False, VALVE, "Lockheed was slow, and later Raytheon replaced the seal."),
    (False, VALVE, "Lockheed replaced the seal, and no further leak was seen."),
    (False, VALVE, "The relief valve on STS-51B was not opened during the cold flow test."),
    (False, PUMP, "JSC found that the pump overheated."),
    (False, PUMP, "The Goddard Space Flight Center found that the pump overheated."),
    (False, CREW, "The Safety Manager now requires two signatures before any lift."),
    # a negation added or taken away
    (False, VALVE, "The relief valve was opened during the cold flow test."),
    (False, VALVE, "The test team did not lose 1,200 kg of propellant."),
    (False, VALVE, "Boeing never replaced the seal."),
    (False, VALVE, "Boeing replaced the seal, and a further leak was seen."),
    (False, PUMP, "The contractor followed the written torque procedure."),
    (False, PUMP, "The pump did not overheat."),
    (False, PUMP, "Training records were available for two of the seven technicians."),
    (False, CREW, "The crew worked for 16 hours with a break before the crane failed to drop the mirror."),
    (False, CREW, "The checklist existed and was used before the lift, as required."),
    (False, CREW, "The Project Manager no longer requires two signatures before any lift."),
    # about something else
    (False, VALVE, "Corroded connectors caused a loss of telemetry."),
    (False, VALVE, "The valve supplier went bankrupt after an audit of its finances."),
    (False, PUMP, "Better communication between shifts prevents accidents."),
    (False, PUMP, "The pump was designed with too small an inlet and cavitated at start-up."),
    (False, CREW, "The crane operator was new and had slept badly in a hotel."),
    (False, CREW, "Yes."),
    (False, "", "The valve froze."),
    (False, "Nothing here but - - -", "The valve froze."),
]


@pytest.mark.parametrize(("expected", "passage", "sentence"), PAIRS)
def test_true_sentences_stand_and_others_fall(expected: bool, passage: str, sentence: str) -> None:
    found = support(sentence, passage)
    assert found.supported is expected, found


@pytest.mark.parametrize(
    ("claim", "quote"),
    [
        ("The contractor replaced the seal.", "The contractor should have replaced the seal."),
        ("The team inspected the crane.", "If the team had inspected the crane, the crack would have been found."),
        ("The leak was caused by corrosion.", "It was ruled out that the leak was caused by corrosion."),
        ("Acme Corp falsified the records.", "Lawyers alleged that Acme Corp falsified the records."),
        ("All pumps passed the test.", "Almost all pumps passed the test."),
        ("At least 20 pumps passed the test.", "At most 20 pumps passed the test."),
        ("The generator has been repaired.", "The generator has yet to be repaired."),
        ("Die Pumpe fiel aus.", "Die Pumpe fiel nicht aus."),
        ("The four pumps failed.", "Four of eleven pumps failed."),
        ("12 staff were injured.", "12 vehicles were damaged and 3 staff were injured."),
    ],
)
def test_what_is_only_wished_supposed_or_nearly_so_is_no_fact(claim: str, quote: str) -> None:
    assert not support(claim, quote).supported
    assert support(quote, quote).supported


@pytest.mark.parametrize("passage", [VALVE, PUMP, CREW])
def test_a_quoted_sentence_scores_one_at_its_own_place(passage: str) -> None:
    for quote in passage.replace("\n", " ").split(". "):
        found = support(quote, passage)
        assert found.score == 1
        assert found.supported
        assert passage[found.start : found.end].replace("\n", " ").rstrip(".") == quote.rstrip(".")


def test_a_quote_grows_only_for_what_it_adds() -> None:
    one = support("Boeing replaced the seal.", VALVE)
    two = support("The team lost 1,200 kg of propellant and Boeing replaced the seal.", VALVE)
    assert VALVE[one.start : one.end].startswith("Boeing later")
    assert VALVE[two.start : two.end].startswith("The test team")
    assert two.end == one.end


def test_what_is_missing_is_named() -> None:
    found = support("Raytheon, Lockheed said, did not lose 900 kg of STS-9 propellant gladly.", VALVE)
    assert {*found.missing} >= {
        Missing("number", "900 kg"), Missing("name", "STS-9"), Missing("name", "Lockheed"), Missing("word", "gladly"),
        Missing("negation", "not"),
    }  # fmt: skip


def test_a_name_from_the_title_may_stand_in_the_sentence() -> None:
    sentence = "On Mars Climate Orbiter the night crew worked 16 hours without a break."
    assert not support(sentence, CREW).supported
    assert support(sentence, CREW, context="Mars Climate Orbiter mirror mishap").supported


def test_words_in_another_order_need_the_same_meaning_and_no_missing_fact_is_excused() -> None:
    asked: list[str] = []

    def alike(sentence: str, quotes: Sequence[str]) -> list[float]:
        asked.append(sentence)
        return [0.9 if "crew" in sentence else 0.1 for _ in quotes]

    told = "Before the mirror was dropped by the crane the night crew had worked sixteen hours."
    found = support(told, CREW, similarity=alike)
    assert found.supported
    assert found.score == pytest.approx((1 + 0.9) / 2)
    assert not support(told.replace("night crew", "crane"), CREW, similarity=alike).supported
    assert not support(told.replace("sixteen", "twelve"), CREW, similarity=alike).supported
    before = len(asked)
    assert support("A pre-lift checklist existed, but it was never used.", CREW, similarity=alike).score == 1
    assert len(asked) == before, "a sentence that stands there word for word is not read"


@pytest.mark.parametrize(
    ("held", "claim"),
    [
        (True, "Eight pumps were opened."),
        (True, "The team opened 8 pumps."),
        (False, "Twelve pumps were opened on that day."),  # the 12 of a date
        (False, "Four pumps were opened."),  # the 4 of something else
        (False, "8 valves were opened on 12 May."),
    ],
)
def test_a_bare_number_counts_what_follows_it(held: bool, claim: str) -> None:
    passage = "On 12 May 2021 the team opened eight pumps, and the valves were left to four fitters who had come late."
    assert support(claim, passage).supported is held


def test_a_negation_cannot_be_outvoted_by_words() -> None:
    found = support("The relief valve was opened during the cold flow test.", VALVE)
    assert found.score > SUPPORTED
    assert not found.supported


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("3 km", {(3000.0, "m")}),
        ("$3.5 million", {(3_500_000.0, "$")}),
        ("one hour and twenty-five minutes", {(3600.0, "s"), (1500.0, "s")}),
        ("two hundred feet; a dozen bolts", {(200.0, "ft"), (12.0, "")}),
        ("600 – 700 Hz", {(600.0, ""), (600.0, "Hz"), (700.0, "Hz")}),
        ("-40 degrees Celsius or .5 in.", {(-40.0, "°C"), (0.5, "inch")}),
        ("the third flight, May 5, 2020", {(3.0, "th"), (5.0, "month"), (5.0, "day of month"), (2020.0, "")}),
        ("one of them may march", set()),
        ("28V, 12 percent, 1,024 bytes", {(28.0, "V"), (12.0, "%"), (1024.0, "B")}),
        ("in July at 14:30, v3.2.1, 51L", {(7.0, "month")}),
    ],
)
def test_numbers_are_read_with_their_units(text: str, numbers: set[tuple[float, str]]) -> None:
    assert set(Facts(text).numbers) == numbers


@given(st.text(max_size=120), st.text(max_size=200))
def test_any_texts_give_a_score_and_a_place(sentence: str, passage: str) -> None:
    found: Support = support(sentence, passage)
    assert 0 <= found.score <= 1
    assert 0 <= found.start <= found.end <= len(passage)


def yes(sentence: str, quotes: Sequence[str]) -> list[float]:
    return [1.0 for _ in quotes]


@pytest.mark.parametrize(
    ("held", "claim"),
    [
        (True, "Thirteen minutes were spent looking for it."),
        (False, "Thirteen minutes were spent."),  # the sentence goes on
        (False, "The picture card in three languages."),  # no verb
        (False, "It was a failure."),  # of what?
        (True, "The platform was down for 2 hours, and the fix took 15 minutes."),
        (False, "The platform was down for 15 minutes, and the fix took 2 hours."),
    ],
)
def test_a_claim_is_whole_and_each_clause_stands_in_one_sentence(held: bool, claim: str) -> None:
    passage = (
        "Thirteen minutes were spent looking for it. It was given as a picture card in three languages. "
        "The failure was seen late. The platform was down for 2 hours. The fix took 15 minutes."
    )
    assert support(claim, passage, similarity=yes).supported is held
