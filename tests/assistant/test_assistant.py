from collections import Counter

import pytest

from assistant import assistant as module
from assistant.answer import Answer, Claim, Draft, Progress
from assistant.assistant import Assistant
from assistant.compose import BEST_RECORD, OTHER_RECORD
from assistant.evidence import gather
from assistant.question import understand
from assistant.quotable import readable
from assistant.settings import AssistantSettings
from assistant.writer import NO_ANSWER
from index.library import Library
from index.sync import sync
from ingest.errors import BadFilter, BadQuestion, ModelError
from tests.assistant.chat_server import MODEL, available, chat_server

REFUEL = "When should generators be refuelled?"
DOUBTFUL = "Which patients died when the racecourse hospital lost power?"


@pytest.fixture(scope="module")
def assistant(sample):
    return Assistant(sample)


def check_quotes(library, answer):
    """Every quote is exactly the source's text, and every mark in the answer has its source."""
    assert answer.sources
    for source in answer.sources:
        assert library.source(source.source_id).text[source.start : source.end] == source.quote
    cited = {n for claim in answer.claims for n in claim.citations}
    assert cited == {source.n for source in answer.sources}
    assert all(f"[{n}]" in answer.answer for n in cited)


def test_an_answer_quotes_the_records_that_answer(sample, assistant):
    answer = assistant.ask(REFUEL)
    assert answer.verdict == "answered"
    assert "ODR-2023-018" in {source.lesson_id for source in answer.sources}
    assert all(claim.support == 1.0 and claim.citations for claim in answer.claims)
    check_quotes(sample, answer)


def test_a_quote_is_shown_as_it_stands_but_for_line_breaks_and_markup(assistant):
    answer = assistant.ask(REFUEL)
    quotes = {source.n: readable(source.quote) for source in answer.sources}
    assert [quotes[claim.citations[0]] for claim in answer.claims] == [claim.text for claim in answer.claims]


def test_an_answer_is_short_and_no_record_fills_it(assistant):
    answer = assistant.ask("What went wrong with power supply?")
    assert sum(len(claim.text.split()) for claim in answer.claims) <= 240
    most, *others = sorted(Counter(source.lesson_id for source in answer.sources).values(), reverse=True)
    assert most <= BEST_RECORD
    assert max(others) <= OTHER_RECORD
    assert len({source.lesson_id for source in answer.sources}) <= 5


def test_superseded_advice_is_left_out_and_said(assistant):
    answer = assistant.ask(REFUEL)
    assert "ODR-2017-003" not in {source.lesson_id for source in answer.sources}
    assert any("ODR-2017-003" in caveat and "ODR-2023-018 supersedes it" in caveat for caveat in answer.caveats)
    assert "40 per cent" in answer.answer


def test_superseded_advice_alone_is_marked(assistant):
    answer = assistant.ask(REFUEL, {"until": "2018"})
    assert {source.currency for source in answer.sources if source.lesson_id == "ODR-2017-003"} == {"superseded"}
    assert any("superseded by ODR-2023-018" in caveat for caveat in answer.caveats)


def test_records_that_disagree_in_a_figure_both_have_their_say(assistant):
    answer = assistant.ask("How much free chlorine residual should we keep at the tap?")
    assert "1.0 mg/l" in answer.answer
    assert "0.5 mg/l" in answer.answer


@pytest.mark.parametrize("question", ["What was recommended?", "What worked well?", "Has this happened elsewhere?"])
def test_every_suggested_follow_up_is_asked_with_the_question_before(assistant, question):
    assert question in assistant.ask(REFUEL).follow_ups
    assert assistant.ask(question, history=[REFUEL]).verdict != "none"


def test_a_count_that_is_not_stated_is_not_made_up(assistant):
    answer = assistant.ask("How many football cups did the Madrid club win?")
    assert (answer.verdict, answer.tally) == ("none", None)


@pytest.mark.parametrize(
    "question",
    ["What did we learn about quantum networking payloads?", "Which football club won the cup final in Madrid?"],
)
def test_what_the_library_does_not_know_is_declined(assistant, question):
    answer = assistant.ask(question)
    assert answer.verdict == "none"
    assert answer.claims == answer.sources == ()
    assert "No lesson found" in answer.answer
    assert 1 <= len(answer.nearest) <= 3
    assert "nearest" in answer.to_json()


def test_a_record_asked_for_by_id_is_told(sample, assistant):
    answer = assistant.ask("What does pm-2025-004 say?")
    assert (answer.kind, answer.verdict) == ("factual-id", "answered")
    assert {source.lesson_id for source in answer.sources} == {"PM-2025-004"}
    check_quotes(sample, answer)


def test_a_record_asked_for_by_id_that_a_filter_excludes_is_declined(assistant):
    answer = assistant.ask("What does pm-2025-004 say?", {"unit": "nobody"})
    assert (answer.verdict, answer.claims) == ("none", ())


def test_filters_hold_for_answers(assistant):
    answer = assistant.ask(REFUEL, {"since": "2020"})
    assert "ODR-2023-018" in {source.lesson_id for source in answer.sources}
    assert all(source.event_date >= "2020" for source in answer.sources)


def test_a_filter_that_leaves_nothing_is_declined(assistant):
    answer = assistant.ask(REFUEL, {"since": "2099"})
    assert (answer.verdict, answer.nearest) == ("none", ())


def test_a_follow_up_is_understood_from_the_conversation(assistant):
    assert assistant.ask("And why?").verdict == "none"
    after = assistant.ask("And why?", history=[REFUEL])
    assert "ODR-2023-018" in {source.lesson_id for source in after.sources}


def test_a_stream_tells_its_stages_then_each_sentence_then_the_answer(assistant):
    events = list(assistant.stream(REFUEL))
    assert isinstance(events[0], Progress)
    assert isinstance(events[-1], Answer)
    drafts = [event for event in events if isinstance(event, Draft)]
    assert tuple(draft.claim for draft in drafts) == events[-1].claims
    assert all({source.n for source in draft.sources} == set(draft.claim.citations) for draft in drafts)


def test_the_json_has_every_key_others_rely_on(assistant):
    keys = "question kind verdict answer claims sources caveats conflicts who_to_ask took_ms"
    out = assistant.ask(REFUEL).to_json()
    assert set(keys.split()) <= out.keys()
    assert "nearest" not in out
    source = "n lesson_id title source page start end quote event_date outcome maturity confidence currency"
    assert set(source.split()) <= out["sources"][0].keys()
    assert {"text", "citations", "support"} == out["claims"][0].keys()


def test_a_bad_question_is_refused(assistant):
    with pytest.raises(BadQuestion):
        assistant.ask("")


# -- with a language model


@pytest.fixture
def written(sample, monkeypatch):
    """An assistant whose model writes what the test says; `{0}` is the id of the best passage."""

    def answer(text, question=REFUEL):
        def write(question, evidence, settings):
            if isinstance(text, Exception):
                raise text
            yield from text.format(*(mark for mark, _ in evidence))

        monkeypatch.setattr(module, "write", write)
        return Assistant(sample, AssistantSettings(llm="openai:any")).ask(question)

    return answer


def best_sentence(assistant):
    evidence = gather(assistant.library, understand(REFUEL, (), assistant.settings))
    first = next(hit for hit in evidence.hits if hit.superseded_by is None)
    return first, next(one for one in evidence.sentences if one.hit == first)


def test_a_sentence_its_passage_supports_is_shown_with_its_quote(sample, assistant, written):
    hit, sentence = best_sentence(assistant)
    answer = written(sentence.text.rstrip(".") + " [{0}].")
    assert [source.lesson_id for source in answer.sources] == [hit.lesson_id]
    assert answer.sources[0].quote in hit.text
    check_quotes(sample, answer)


@pytest.mark.parametrize(
    "text",
    [
        "Refuel every 97 hours [{0}].",  # a number the passage does not have
        "The Zeppelin crew painted the hangar [{0}].",  # nothing of it is there
        "The hangar crew painted the Zeppelin.",  # no citation, and nowhere in what was shown
        "The hangar crew painted the Zeppelin [zz9z].",  # an id never given out
        "What should generators be refuelled with [{0}]?",  # no statement
        "I refuel generators [{0}].",  # of who writes
    ],
)
def test_a_sentence_without_support_is_not_shown(assistant, written, text):
    _, sentence = best_sentence(assistant)
    answer = written(f"{sentence.text} [{{0}}] {text}")
    assert answer.claims[0].text == sentence.text
    quoted = {source.n: readable(source.quote) for source in answer.sources}
    assert all(claim.text == quoted[claim.citations[0]] for claim in answer.claims), "completed by quotes"
    assert len({claim.text for claim in answer.claims}) == len(answer.claims) > 1
    assert any("1 sentence of the language model" in caveat for caveat in answer.caveats)


def test_a_draft_without_any_support_gives_way_to_quotes(sample, written):
    answer = written("All is well with everything [{0}].")
    assert answer.verdict == "answered"
    assert all(claim.support == 1.0 for claim in answer.claims)
    check_quotes(sample, answer)


@pytest.mark.parametrize("mark", ["", " [zz9z]"])
def test_a_sentence_cited_wrongly_or_not_at_all_is_shown_with_the_quote_that_supports_it(
    sample, assistant, written, mark
):
    _, sentence = best_sentence(assistant)
    answer = written(f"{sentence.text}{mark}")
    assert [claim.text for claim in answer.claims] == [sentence.text]
    assert answer.sources[0].quote == sentence.text
    check_quotes(sample, answer)


def test_a_model_that_goes_round_in_circles_is_stopped(assistant, written):
    _, sentence = best_sentence(assistant)
    answer = written(f"{sentence.text} [{{0}}] " * 50)
    assert [claim.text for claim in answer.claims] == [sentence.text]


def test_a_model_that_finds_no_answer_is_believed_where_it_was_doubtful(sample, written):
    assert written(NO_ANSWER, DOUBTFUL).verdict == "none"
    answer = written(NO_ANSWER)
    assert answer.verdict == "partial"
    assert any("found no answer" in caveat for caveat in answer.caveats)
    check_quotes(sample, answer)


def test_a_model_that_fails_gives_way_to_quotes(written):
    answer = written(ModelError("The model cannot be reached.", "Start it."))
    assert answer.verdict == "answered"
    assert any("cannot be reached" in caveat for caveat in answer.caveats)


def test_the_model_is_not_asked_what_the_library_cannot_answer(written):
    assert written(RuntimeError("asked"), "Which football club won the cup final in Madrid?").verdict == "none"


@pytest.mark.skipif(not available(), reason="no small model to serve")
def test_a_real_model_over_a_socket_is_held_to_the_documents(sample):
    with chat_server() as url:
        settings = AssistantSettings(llm=MODEL, llm_base_url=url, llm_timeout=240, llm_context_tokens=900)
        answer = Assistant(sample, settings).ask(REFUEL)
    assert answer.verdict in ("answered", "none")
    for claim in answer.claims:
        assert isinstance(claim, Claim)
        assert claim.citations
    if answer.verdict == "answered":
        check_quotes(sample, answer)


def test_a_slip_of_the_keyboard_is_put_right_and_told(assistant):
    answer = assistant.ask("landslde debri sorting, how much imported rock did we save")
    assert "LL-007" in {source.lesson_id for source in answer.sources}
    assert "Asked for “landslide” for “landslde”." in answer.caveats


def test_what_went_wrong_is_told_with_its_cause_and_what_was_recommended(tmp_path):
    cause, advice = "Silt packed behind the wear ring.", "Clean the inlet screen every morning."
    told = "Pump P-7 stopped during the night. The night shift heard it. It stood still for nine hours."
    text = f"# Pump P-7\n\n## What happened\n{told}\n\n## Root cause\n{cause}\n\n## Recommendation\n{advice}\n"
    (tmp_path / "p7.md").write_text(text, encoding="utf-8")
    with Library.open(tmp_path / "library", create=True) as library:
        sync(library, [tmp_path / "p7.md"])
        answer = Assistant(library).ask("Why did pump P-7 stop?")
    said = [claim.text for claim in answer.claims]
    assert said[0] == "Pump P-7 stopped during the night."
    assert said[-2:] == [cause, advice]
    assert len(said) <= BEST_RECORD


def test_a_filter_that_does_not_exist_cannot_be_ignored(assistant):
    with pytest.raises(BadFilter, match="jpl"):
        assistant.ask(REFUEL, ignore=["jpl"])


def test_sides_of_a_comparison_do_not_tell_the_same(assistant):
    answer = assistant.ask("Compare night convoys and day convoys")
    told = [(claim.text, claim.side) for claim in answer.claims]
    assert len({text for text, _ in told}) == len(told)


def test_who_knows_is_answered_with_roles_and_their_records(sample, assistant):
    answer = assistant.ask("Who knows about chlorine dosing?")
    assert answer.claims
    owners = {source.owner for source in answer.sources} | {source.unit for source in answer.sources}
    for claim in answer.claims:
        name = claim.text.removeprefix("Ask ").partition(":")[0]
        assert claim.computed
        assert name in owners
        theirs = [source for source in answer.sources if source.n in claim.citations]
        assert all(name in (source.owner, source.unit) for source in theirs)
        assert theirs[0].title in claim.text
    check_quotes(sample, answer)
