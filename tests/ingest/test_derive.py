"""What a lesson's text shows beyond what its source states."""

from dataclasses import replace

import pytest

from ingest.derive import derive
from ingest.model import Lesson, Provenance, Section
from ingest.taxonomy import load_taxonomy
from ingest.values import Found


def lesson(*parts, title="", kind="llis", before="", **given):
    """A document and its lesson, of sections given as (key, heading, text); the title opens the text."""
    text = before + title
    sections = [Section(None, title, len(before), len(text))] if title else []
    for key, heading, said in parts:
        start = len(text)
        text += f"\n\n{heading}\n{said}"
        sections.append(Section(key, heading, start, len(text)))
    made = Lesson("x", title, len(before), len(text), kind=kind, sections=tuple(sections), **given)
    return text, made


def quotes(text, tags):
    return {tag.name: text[tag.start : tag.end] for tag in tags}


FILLER = ("event", "Driving event", "The team met on a day like any other. " * 3)


@pytest.mark.parametrize(
    ("title", "said", "topic"),
    [
        ("Battery storage", "The lithium-ion batteries were stored warm.", "batteries"),
        ("Crane check", "The crane and its hoist were overloaded.", "lifting & handling"),
        ("Chlorine at the water point", "Drinking water was not chlorinated.", "water & sanitation"),
        ("Phishing mail", "A password was stolen by phishing; the malware spread.", "cyber security"),
        ("Radio silence", "The radio repeater failed and no antenna was left.", "radio & telecommunications"),
        ("Shift handover", "Miscommunication at the handover: the night shift was not informed.", "communication"),
        ("Evacuation", "First responders began the evacuation in an emergency.", "emergency response"),
        ("Spare parts", "The warehouse had no spares and the inventory was wrong.", "supply & logistics"),
    ],
)
def test_topics_with_their_quotes(title, said, topic):
    text, made = lesson(("event", "Driving event", said), title=title)
    found = derive(text, made).topics
    assert topic in {tag.name for tag in found}
    assert all(tag.method == "text" and text[tag.start : tag.end].strip() for tag in found)


def test_the_title_counts_most_and_a_word_in_passing_not_at_all():
    text, made = lesson(("event", "Driving event", "A valve stuck. Then it rained, said a nurse."), title="Stuck valve")
    found = quotes(text, derive(text, made).topics)
    assert list(found) == ["fluids & pressure systems"]
    assert found["fluids & pressure systems"] == "valve"
    text, made = lesson(FILLER, title="A plain day")
    assert derive(text, made).topics == ()


def test_a_title_that_the_text_does_not_begin_with_counts_too():
    text = "It was found in the battery room. The batteries were old."
    made = Lesson("x", "Battery fire", 0, len(text), kind="narrative")
    assert "batteries" in {tag.name for tag in derive(text, made).topics}


def test_at_most_four_topics_and_none_from_references():
    said = (
        "Crane, hoist, sling, rigging. Battery, batteries. Radio, antenna. Fire, smoke. Ship, boat. Helicopter, pilot."
    )
    text, made = lesson(("event", "Event", said), title="Crane, battery, radio, fire, ship and helicopter")
    assert len(derive(text, made).topics) == 4
    text, made = lesson(FILLER, ("refs", "References", "Battery handbook, battery guide, lithium ion."), title="Plain")
    assert derive(text, made).topics == ()


def test_the_topics_of_a_source_come_first_and_as_they_are():
    text, made = lesson(("event", "Event", "Batteries and a battery charger: lithium-ion."), title="Battery")
    found = {"topics": Found("Power Systems; Batteries", Provenance("native"))}
    made = replace(made, provenance={"topics": Provenance("native"), "unit": Provenance("native")})
    derived = derive(text, made, found)
    assert [(tag.name, tag.method) for tag in derived.topics][:2] == [
        ("Power Systems", "native"),
        ("Batteries", "native"),
    ]
    assert [tag.name.lower() for tag in derived.topics].count("batteries") == 1
    assert set(derived.provenance) == {"unit"}


def test_labelled_topics_have_their_places():
    text = "Topics: pumps, Valves\nAll was calm."
    found = {"topics": Found("pumps; Valves", Provenance("label", 8, 21))}
    tags = derive(text, Lesson("x", "X", 0, len(text)), found).topics
    assert quotes(text, tags) == {"pumps": "pumps", "Valves": "Valves"}


@pytest.mark.parametrize(
    ("sentence", "cause"),
    [
        ("The fire was caused by a lack of training of the crew.", "training or experience"),
        ("The root cause was inadequate testing of the relay.", "inadequate test"),
        ("It failed because the procedure was not followed.", "procedure not followed"),
        ("The loss was due to a design flaw in the latch.", "design flaw"),
        ("The outage was caused by a software bug in the parser.", "tooling or software defect"),
        ("It overheated because no alarm was installed, and the leak went unnoticed.", "monitoring or detection gap"),
        ("The pump stopped because of corrosion.", "maintenance or wear"),
        ("The roof failed due to heavy rain and wind gusts.", "environment or external event"),
        ("The delay resulted from poor coordination between the two teams.", "communication"),
        ("The board found that schedule pressure led to the accident.", "schedule or cost pressure"),
        ("The error occurred because the drawing was an outdated version.", "change or configuration control"),
        ("The burnout was caused by understaffing; the crew was short-handed.", "staffing or turnover"),
        ("It failed because the team incorrectly assumed that the heritage unit was identical.",
         "heritage or assumption not re-verified"),
        ("The mishap was attributed to defective capacitors from the vendor.", "parts or supplier"),
        ("The cable burned because the connectors were cross-mated: an interface mismatch.", "interface or hand-off"),
        ("It was lost because there was no requirement for a fence: a lack of clear requirements.",
         "requirements or scope gap"),
        ("It happened because of unclear instructions.", "procedure missing or unclear"),
        ("The cause was poor planning and management decisions.", "organisational decision"),
    ],
)  # fmt: skip
def test_causes_with_the_sentence_that_says_so(sentence, cause):
    text, made = lesson(
        ("event", "Driving event", f"All was calm. {sentence} It was later repaired."), before="Other text.\n"
    )
    found = quotes(text, derive(text, made).causes)
    assert found.get(cause) == sentence


@pytest.mark.parametrize(
    "sentence",
    [
        "Operators should be trained, because a lack of training is dangerous.",
        "Ensure that testing is adequate to avoid inadequate testing.",
        "The loss was not due to corrosion.",
        "There was no evidence of a design flaw.",
        "The weather was fine and the vendor was paid.",
        "The storm resulted in a lack of training.",
        "Corrosion was caused by salt.",
    ],
)
def test_what_is_advice_denied_or_only_mentioned_is_no_cause(sentence):
    text, made = lesson(("event", "Driving event", sentence))
    found = derive(text, made).causes
    assert {tag.name for tag in found} <= {"environment or external event"}
    assert all("storm" in text[tag.start : tag.end].lower() for tag in found)


@pytest.mark.parametrize(
    "sentence",
    [
        "The accident was caused by the pilot's failure to maintain directional control.",
        "The nose-over resulted from a failure to maintain clearance from a fence.",
        "The outage was due to a pod scheduling storm.",
        "The delay was due to a code freeze.",
        "He was deaf due to age.",
        "The crash was caused by the pilot's poor planning.",
        "The outage resulted from a loss of satellite communication, because of poor communication links.",
        "The break was found because of over-testing.",
    ],
)
def test_words_with_another_meaning_are_no_cause(sentence):
    text, made = lesson(("cause", "Root cause", sentence))
    assert derive(text, made).causes == ()


@pytest.mark.parametrize(
    "sentence",
    [
        "It was not operator error.",
        "Twenty people left first, without haste.",
        "It wasn't a lack of training.",
        "It was a strike rather than a design flaw.",
        "The failure could not be attributed to corrosion.",
        "A lack of training was ruled out.",
        "Operator error was not the cause.",
        "Design flaws have historically caused failures.",
        "Design flaws are a common cause of failures.",
        "A design flaw could have caused it.",
        "Was it a design flaw?",
        "It was possibly caused by corrosion.",
    ],
)
def test_what_is_denied_supposed_or_true_in_general_is_no_cause(sentence):
    text, made = lesson(("cause", "Root cause", sentence))
    assert derive(text, made).causes == ()


def test_a_negation_that_the_cause_explains_does_not_deny_it():
    said = "The pump did not start because of corrosion."
    text, made = lesson(("cause", "Root cause", said))
    assert quotes(text, derive(text, made).causes) == {"maintenance or wear": said}


@pytest.mark.parametrize(
    ("sentence", "cause"),
    [
        ("Bearings were past their inspection date.", "maintenance or wear"),
        ("Nobody had told the maintenance contractor.", "communication"),
        ("Heavy rain, corrosion of the beams", "environment or external event"),
        ("The driver had been on duty for 17 hours.", "staffing or turnover"),
        ("Nobody had tried it with visitors.", "inadequate test"),
        ("The plans had never been updated.", "change or configuration control"),
    ],
)
@pytest.mark.parametrize("heading", ["Root cause", "Causes / trigger", "Contributing factors", "Why did it happen"])
def test_where_a_heading_asks_for_the_cause_the_sentence_is_it(heading, sentence, cause):
    text, made = lesson(("cause", heading, sentence))
    assert quotes(text, derive(text, made).causes)[cause] == sentence
    for key, other in (("cause", "Discussion"), ("event", "Event")):
        text, made = lesson((key, other, sentence))
        assert derive(text, made).causes == ()


def test_a_factor_that_a_whole_sentence_mentions_is_none():
    text, made = lesson(("cause", "Root cause", "The lightning was seen from afar."))
    assert derive(text, made).causes == ()


@pytest.mark.parametrize("heading", ["What went well?", "Resolution", "Date of review: 2020"])
def test_a_quote_ends_where_another_heading_or_label_begins(heading):
    said = "It failed because of corrosion"
    text, made = lesson(("event", "Event", f"Timeline \n{said} \n{heading} \nAll was calm."))
    assert quotes(text, derive(text, made).causes) == {"maintenance or wear": said}


def test_a_quote_ends_with_its_section():
    text = "Event\nIt failed because of corrosion\nafterwards we met."
    cut = text.index("afterwards")
    sections = (Section("event", "Event", 0, cut), Section("response", "", cut, len(text)))
    made = Lesson("x", "", 0, len(text), sections=sections)
    assert quotes(text, derive(text, made).causes) == {"maintenance or wear": "It failed because of corrosion"}


def test_no_cause_from_the_recommendation_or_of_a_success():
    said = "The fire was caused by a lack of training."
    text, made = lesson(FILLER, ("recommendation", "Recommendations", said))
    assert derive(text, made).causes == ()
    text, made = lesson(("event", "Event", said), outcome="success")
    assert derive(text, made).causes == ()


def test_at_most_three_causes_the_plainest_first():
    said = (
        "The root cause was a lack of training. It failed because of corrosion. It failed due to a design flaw. "
        "It failed because of heavy rain. It failed due to schedule pressure."
    )
    text, made = lesson(("cause", "Root cause", said))
    causes = derive(text, made).causes
    assert len(causes) == 3
    assert causes[0].name == "training or experience"


def test_a_cause_alone_shows_no_failure():
    """Of NASA records for which only a cause spoke, most tell a near miss or a difficulty that was overcome."""
    text, made = lesson(("event", "Event", "The roof gave way because of corrosion of the beams."))
    derived = derive(text, made)
    assert [cause.name for cause in derived.causes] == ["maintenance or wear"]
    assert (derived.outcome, "outcome" in derived.provenance) == ("neutral", False)


@pytest.mark.parametrize(
    ("said", "severity", "quote"),
    [
        ("The mast fell. One worker was killed by it.", "critical", "One worker was killed by it."),
        ("The spacecraft was lost. All was calm.", "critical", "The spacecraft was lost."),
        ("The pump was damaged beyond repair.", "major", "The pump was damaged beyond repair."),
        ("He was hospitalised. All was calm.", "critical", "He was hospitalised."),
        ("Two firefighters died. All was calm.", "critical", "Two firefighters died."),
        ("A technician was seriously injured.", "critical", "A technician was seriously injured."),
        ("The loss of the spacecraft was total.", "critical", "The loss of the spacecraft was total."),
        ("He sustained a serious injury.", "critical", "He sustained a serious injury."),
        ("A rigger was injured.", "major", "A rigger was injured."),
        ("The hull had substantial damage.", "major", "The hull had substantial damage."),
        ("Damage was estimated at $2.3 million.", "major", "Damage was estimated at $2.3 million."),
        ("There was damage of $1,200,000.", "major", "There was damage of $1,200,000."),
        ("Damage was estimated at $900,000.", None, None),
        ("He suffered minor injuries.", "minor", "He suffered minor injuries."),
        ("There were no injuries.", "minor", "There were no injuries."),
        ("No one was hurt besides eight knees.", None, None),
        ("The mission failed.", None, None),
        ("The Sine Burst Testing began.", None, None),
        ("It was dropped at a hotel.", None, None),
        ("The hall was evacuated without incident.", None, None),
        ("Fills fell from five to two.", None, None),
        ("Two pods died and three were killed by the kernel.", None, None),
        ("The loss of vehicle control was brief.", None, None),
        ("A loss of the aircraft radio power was seen.", None, None),
        ("It happened in Death Valley.", None, None),
        ("Two workers were killed there ten years ago.", None, None),
        ("In a similar accident two workers were killed.", None, None),
        ("When workers are killed we meet.", None, None),
        ("Was a worker killed or seriously injured?", None, None),
        ("It tipped over. There was minor damage.", "minor", "There was minor damage."),
        ("The process crashed and the crashed server came back.", None, None),
        ("It could have killed somebody: a fatal blow.", None, None),
        ("Nobody died and nothing was lost.", None, None),
        ("A worker was injured, or would have been; it was averted.", None, None),
        ("All was calm.", None, None),
    ],
)
def test_severity_by_what_is_reported(said, severity, quote):
    text, made = lesson(("event", "Driving event", said), outcome="failure")
    derived = derive(text, made)
    assert derived.severity == severity
    if quote:
        shown = derived.provenance["severity"]
        assert text[shown.start : shown.end] == quote
    else:
        assert "severity" not in derived.provenance


def test_the_gravest_counts_and_feared_things_in_recommendations_do_not():
    text, made = lesson(("event", "Event", "The pump was damaged. Two people were killed."))
    assert derive(text, made).severity == "critical"
    text, made = lesson(("recommendation", "Recommendations", "People were killed elsewhere."))
    assert derive(text, made).severity is None


@pytest.mark.parametrize(
    ("title", "said", "phase"),
    [
        ("Vibration test failure", "During thermal vacuum testing the unit under test cracked.", "test"),
        (
            "Crack found in maintenance",
            "While repairing the pump during routine maintenance a crack was seen.",
            "maintenance",
        ),
        ("In-flight anomaly", "Flight controllers saw it on orbit during mission operations.", "operation"),
        ("Launch countdown halt", "At the launch pad the countdown was stopped.", "deployment"),
        ("A plain day", "All was calm.", None),
        ("Test and maintenance", "During testing and during maintenance.", None),
    ],
)
def test_phase_by_when_it_happened(title, said, phase):
    text, made = lesson(("event", "Driving event", said), title=title, outcome="failure")
    derived = derive(text, made)
    assert derived.phase == phase
    assert ("phase" in derived.provenance) == (phase is not None)


@pytest.mark.parametrize(
    ("stated", "phase"), [("Phase E", "operation"), ("Approval", "Approval"), ("Formulation", "planning")]
)
def test_a_stated_phase_and_severity_come_first(stated, phase):
    text, made = lesson(("event", "Event", "During testing and in the test two were killed."), title="Vibration test")
    native = Provenance("native")
    derived = derive(text, made, {"phase": Found(stated, native), "severity": Found("minor", native)})
    assert (derived.phase, derived.severity) == (phase, "minor")
    assert derived.provenance["phase"] == derived.provenance["severity"] == native


def test_guidance_has_topics_and_nothing_else():
    said = "The crane failed because of a lack of training: a worker was killed. - [ ] Train\nFacilitator: J. Roe"
    text, made = lesson(("event", "Event", said), title="Crane and hoist guide", kind="guidance")
    derived = derive(text, made)
    assert "lifting & handling" in {tag.name for tag in derived.topics}
    assert (derived.causes, derived.actions, derived.contributors, derived.severity, derived.phase) == (
        (),
        (),
        (),
        None,
        None,
    )


def test_actions_and_roles():
    text, made = lesson(("event", "Event", "Facilitator: Jane Roe"), ("action", "Action items", "- Replace the pump"))
    derived = derive(text, made)
    assert [action.text for action in derived.actions] == ["Replace the pump"]
    assert [tag.name for tag in derived.contributors] == ["Facilitator"]


def test_lists_of_ones_own(tmp_path):
    own = tmp_path / "own.toml"
    own.write_text('[topics.dykes]\ncues = ["dyke*"]\n', "utf-8")
    text, made = lesson(("event", "Event", "The dyke failed because of corrosion."), title="Dykes")
    derived = derive(text, made, taxonomy=load_taxonomy(own))
    assert [tag.name for tag in derived.topics] == ["dykes"]
    assert derived.causes == ()


def test_every_span_lies_inside_the_lesson():
    text, made = lesson(
        ("event", "Event", "The crane's hoist failed because of corrosion. Two were killed during the lift."),
        title="Crane failure",
        before="Battery fire, batteries, lithium ion. " * 5,
    )
    derived = derive(text, made)
    spans = [(tag.start or 0, tag.end or 0) for tag in (*derived.topics, *derived.causes)]
    assert spans
    assert all(made.start <= start < end <= made.end for start, end in spans)
    assert "batteries" not in {tag.name for tag in derived.topics}
