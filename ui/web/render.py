"""Answers as HTML. Text from documents and models enters only through `Markup.format`, which escapes it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING

from markupsafe import Markup

from assistant.answer import Answer, Cited, Claim
from ui.outcomes import OUTCOMES

if TYPE_CHECKING:
    from assistant.tally import Tally
    from index.hit import Stats

_STAGES = {
    "searching": "Searching the library…",
    "reading": "Reading the records…",
    "writing": "Writing…",
    "checking": "Checking each sentence against its source…",
}
_LONGEST_QUESTION = 400  # characters of a question repeated above its answer
_GROUPS, _BEHIND = 30, 20  # rows of a table of counts, and records opened behind each
_LONGEST_WORD = 20  # characters of a claim's last word that is kept on one line with its marks

_TURN = Markup('<article class="turn" aria-label="{}"><h2 class="question">{}</h2>{}{}</article>')
_CLAIM = Markup('<p class="claim">{}<span class="marks">{}{}</span></p>')
_MARK = Markup('<button type="button" class="cite" {} aria-label="Source {}: {}" title="{}">{}</button>')
_OPENS = Markup('data-source="{}" data-start="{}" data-end="{}"')
_CARD = Markup(
    '<li><button type="button" class="card" {}><span class="number">{}</span>'
    '<span class="about"><span class="title">{}</span><span class="facts">{}</span>'
    '<span class="quote">{}</span></span></button></li>'
)
_OUTCOME = Markup('<span class="outcome {}"><span aria-hidden="true">{}</span> {}</span>')
_FACT = Markup("<span>{}</span>")
_NOTE = Markup('<span class="note">{}</span>')
_SECTION = Markup('<section class="{}"><h3>{}</h3>{}</section>')
_LIST = Markup("<ul>{}</ul>")
_ITEM = Markup("<li>{}</li>")
_CHIP = Markup('<button type="button" class="chip" data-ask="{}">{}</button>')
_STATUS = Markup('<p class="stage" role="status"><span class="pulse" aria-hidden="true"></span>{}</p>')
_NONE = Markup('<div class="none"><p class="verdict">{}</p></div>')
_PARTIAL = Markup('<p class="verdict partial">Answered in part</p>')
_PROBLEM = Markup('<div class="problem" role="alert"><p class="verdict">{}</p><p>{}</p></div>')
_WELCOME = Markup(
    '<div class="welcome"><h2>What has your organisation already learned?</h2>'
    "<p>Every sentence of an answer opens the passage it stands on.</p>"
    '{}<p class="size">{}</p></div>'
)
_TALLY = Markup(
    '<table class="tally"><caption>Records by {}</caption>'
    '<thead><tr><th scope="col">{}</th><th scope="col">Records</th>'
    "</tr></thead><tbody>{}</tbody></table>"
)
_GROUP = Markup(
    '<tr><th scope="row">{0}</th><td><details><summary><meter min="0" max="{2}" value="{1}" aria-hidden="true"></meter>'
    "<span>{1:,}</span></summary>{3}</details></td></tr>"
)
_EXAMPLES = Markup('<div class="examples" role="group" aria-label="Example questions">{}</div>')


def turn(question: str, body: Markup, filters: Mapping[str, str]) -> Markup:
    """A question, the filters it was asked with, and what was found so far."""
    shown = question if len(question) <= _LONGEST_QUESTION else question[:_LONGEST_QUESTION] + "…"
    applied = Markup('<p class="applied">Only: {}</p>').format(_filters(filters)) if filters else Markup()
    return _TURN.format(shown, shown, applied, body)


def draft(claims: Sequence[Claim], sources: Mapping[int, Cited], stage: str) -> Markup:
    """The claims known so far and what is going on; `sources` by their mark."""
    return _claims(claims, sources) + _STATUS.format(_STAGES.get(stage, "Working…"))


def answer(found: Answer) -> Markup:
    """A whole answer with its evidence."""
    if found.verdict == "none":
        body = _NONE.format(found.message or "No lesson found.")
        return body + _nearest(found.nearest) + _who(found) + _follow_ups(found.follow_ups)
    text = _claims(found.claims, {cited.n: cited for cited in found.sources})
    return Markup().join(
        [
            _PARTIAL if found.verdict == "partial" else Markup(),
            text or _FACT.format(found.message),
            _tally(found.tally) if found.tally and found.tally.by else Markup(),
            _bullets("conflicts", "The records disagree", [one.text for one in found.conflicts]),
            _bullets("repeats", "It happened again", [event.text for event in found.repeats]),
            _bullets("caveats", "Keep in mind", found.caveats),
            _evidence(found.sources),
            _who(found),
            _follow_ups(found.follow_ups),
        ]
    )


def _tally(counted: Tally) -> Markup:
    """The groups of a count as a table with bars; each figure opens the records behind it."""
    most = max((group.count for group in counted.groups), default=0)
    rows = Markup().join(
        _GROUP.format(
            group.value, group.count, most, Markup().join(_record(each) for each in group.lesson_ids[:_BEHIND])
        )
        for group in counted.groups[:_GROUPS]
    )
    by = str(counted.by)
    return _TALLY.format(by, by.capitalize(), rows) if rows else rows


def _record(lesson_id: str) -> Markup:
    return _CHIP.format(f"What does {lesson_id} say?", lesson_id)


def problem(reason: str, remedy: str) -> Markup:
    """What went wrong and what to do about it."""
    return _PROBLEM.format(reason, remedy)


def welcome(stats: Stats, examples: Iterable[str]) -> Markup:
    """The page before the first question."""
    if not stats.lessons:
        return _WELCOME.format(Markup(), "The library is empty. Fill it with: lessons index FOLDER")
    chips = Markup().join(_CHIP.format(example, example) for example in examples)
    size = f"{stats.lessons:,} lessons from {stats.documents:,} documents"
    if stats.updated_at:
        size += f", updated {stats.updated_at[:10]}"
    return _WELCOME.format(_EXAMPLES.format(chips) if chips else chips, size)


def _filters(filters: Mapping[str, str]) -> str:
    words = {"since": "from {}", "until": "up to {}"}
    labels = {str(key): label for key, (_, label) in OUTCOMES.items()}
    return ", ".join(words.get(name, "{}").format(labels.get(value, value)) for name, value in filters.items())


def _claims(claims: Sequence[Claim], sources: Mapping[int, Cited]) -> Markup:
    return Markup().join(_claim(claim, sources) for claim in claims)


def _claim(claim: Claim, sources: Mapping[int, Cited]) -> Markup:
    before, space, word = claim.text.rpartition(" ")
    if len(word) > _LONGEST_WORD:
        before, space, word = claim.text, "", ""
    marks = Markup().join(_mark(sources[n]) for n in claim.citations if n in sources)
    return _CLAIM.format(before + space, word, marks)


def _mark(cited: Cited) -> Markup:
    return _MARK.format(_opens(cited), cited.n, cited.title, cited.title, cited.n)


def _opens(cited: Cited) -> Markup:
    return _OPENS.format(cited.source_id, cited.start, cited.end)


def _card(cited: Cited, mark: str) -> Markup:
    return _CARD.format(_opens(cited), mark, cited.title or PurePath(cited.source).name, _facts(cited), cited.quote)


def _facts(cited: Cited) -> Markup:
    symbol, word = OUTCOMES[cited.outcome]
    facts = [
        " / ".join(filter(None, (cited.unit, cited.project))),
        cited.event_date[:4] if cited.event_date else "undated",
        cited.maturity.replace("_", " "),
        cited.place,
    ]
    notes = [
        f"superseded by {cited.superseded_by}" if cited.superseded_by else "",
        cited.currency if cited.currency != "current" and not cited.superseded_by else "",
        cited.confidence if cited.confidence != "unreviewed" else "",
    ]
    return Markup().join(
        [
            _OUTCOME.format(cited.outcome, symbol, word),
            *(_FACT.format(fact) for fact in facts if fact),
            *(_NOTE.format(note) for note in notes if note),
        ]
    )


def _evidence(sources: Sequence[Cited]) -> Markup:
    cards = Markup().join(_card(cited, str(cited.n)) for cited in sources)
    return _SECTION.format("evidence", "Evidence", Markup("<ol>{}</ol>").format(cards)) if cards else cards


def _nearest(nearest: Sequence[Cited]) -> Markup:
    cards = Markup().join(_card(cited, "not this") for cited in nearest)
    return _SECTION.format("evidence nearest", "Nearest records", _LIST.format(cards)) if cards else cards


def _who(found: Answer) -> Markup:
    return _bullets("ask", "Who to ask", found.who_to_ask)


def _bullets(name: str, heading: str, lines: Sequence[str]) -> Markup:
    items = Markup().join(_ITEM.format(line) for line in lines)
    return _SECTION.format(name, heading, _LIST.format(items)) if items else items


def _follow_ups(questions: Sequence[str]) -> Markup:
    chips = Markup().join(_CHIP.format(question, question) for question in questions)
    return _SECTION.format("next", "Ask next", chips) if chips else chips
