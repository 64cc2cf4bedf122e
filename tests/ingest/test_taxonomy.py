"""The closed lists and the language of their cues."""

import pytest

from ingest.errors import BadSettings
from ingest.taxonomy import Matcher, load_taxonomy, lower


def found(cue, text):
    return [text[match.start : match.end] for match in Matcher({"x": [cue]}).find(text)]


@pytest.mark.parametrize(
    ("cue", "text", "expected"),
    [
        ("valve*", "a valve, two valves, bivalve", ["valve", "valves"]),
        ("valve", "a valve, two valves", ["valve"]),
        ("hand off", "a hand-off, hand  off\nhandoff", ["hand-off", "hand  off"]),
        ("not ... tested", "it was not fully and properly tested", []),
        ("not ... tested", "it was not fully, tested; not at all well tested", ["not at all well tested"]),
        ("not ... tested", "not tested", ["not tested"]),
        ("(red|blue) lamp?", "red lam, blue lamp", ["red lam", "blue lamp"]),
        ("r&d", "in r&d we", ["r&d"]),
    ],
)
def test_cues(cue, text, expected):
    assert found(cue, text) == expected


def test_the_longer_cue_counts_and_a_shared_one_counts_for_all():
    matcher = Matcher({"a": ["fire"], "b": ["fire alarm", "alarm"], "c": ["alarm"]})
    assert [match.names for match in matcher.find("fire alarm, fire, alarm")] == [("b",), ("a",), ("b", "c")]
    assert list(Matcher({}).find("anything")) == []


def test_words_beside_which_a_cue_means_something_else(tmp_path):
    own = tmp_path / "own.toml"
    own.write_text(
        '[causes.weather]\ncues = ["storm*"]\nunless = ["retry storm*"]\n[causes.age]\ncues = ["old"]\n', "utf-8"
    )
    cues = load_taxonomy(own).causes["cues"]
    assert list(cues.unless) == ["weather"]
    assert [match.start for match in cues.unless["weather"].find("a storm, a retry storm")] == [11]
    assert load_taxonomy(own).topics["cues"].unless == {}


def test_lower_case_keeps_every_character_in_place():
    assert lower("İSTANBUL Don’t") == "İstanbul don't"


def test_the_packaged_lists():
    taxonomy = load_taxonomy()
    assert taxonomy is load_taxonomy()
    assert taxonomy.phase("Implementation » Phase E") == "operation"
    assert taxonomy.phase("Not Applicable » Pre-Phase A") == "planning"
    assert taxonomy.phase("Formulation") == "planning"
    assert taxonomy.phase("Implementation » Phase D") is None
    assert taxonomy.phase("design or operation") is None


def test_lists_of_ones_own(tmp_path):
    own = tmp_path / "own.toml"
    own.write_text('[topics.dykes]\ncues = ["dyke*"]\n[causes.flood]\nfactors = ["water"]\n', "utf-8")
    taxonomy = load_taxonomy(own)
    assert [match.names for match in taxonomy.topics["cues"].find("the dykes")] == [("dykes",)]
    assert not list(taxonomy.phases["cues"].find("during testing"))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[topics", "cannot be used"),
        ("[subjects.x]\ncues = ['a']", "subjects"),
        ("[topics.x]\nwords = ['a']", "words"),
        ("[topics.x]\ncues = ['']", "not empty"),
        ("[topics.x]\ncues = [3]", "not empty"),
        ("[topics.x]\ncues = ['(a']", "cannot be used"),
        ("topics = 3", "cannot be used"),
    ],
)
def test_a_broken_list_is_named(tmp_path, text, reason):
    broken = tmp_path / "broken.toml"
    broken.write_text(text, "utf-8")
    with pytest.raises(BadSettings, match=reason) as caught:
        load_taxonomy(broken)
    assert str(broken) in caught.value.reason
    with pytest.raises(BadSettings):
        load_taxonomy(tmp_path / "missing.toml")
