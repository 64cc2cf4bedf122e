"""HTML from templates, which escape whatever they are given; dates and numbers in the reader's format."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from functools import cache
from typing import Any

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_skeleton, format_timedelta
from babel.numbers import format_decimal, format_percent
from jinja2 import Environment, PackageLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from assistant.answer import Cited
from index.filters import NONE
from ui.outcomes import OUTCOMES

ENGLISH = Locale("en", "GB")
_CODED = ("maturity", "severity", "phase")
_KINDS = {
    "llis": "lessons learned record", "odr": "observation and recommendation", "aar": "after-action review",
    "postmortem": "post-mortem", "retro": "retrospective", "lessons": "lessons learned report", "log": "log entry",
    "narrative": "report", "guidance": "guide", "reference": "reference work",
}  # fmt: skip
_LANGUAGES = 5  # of those a browser names


def locale_of(accepted: str) -> Locale:
    """The locale of an `Accept-Language` header that comes first and is known."""
    for named in accepted.split(",")[:_LANGUAGES]:
        try:
            return Locale.parse(named.split(";")[0].strip(), sep="-")
        except (ValueError, UnknownLocaleError, TypeError):
            continue
    return ENGLISH


def fill(template: str, locale: Locale = ENGLISH, **values: Any) -> Markup:
    """A template, `name.html`, with these values."""
    return Markup(_environment().get_template(template).render(locale=locale, **values))  # noqa: S704 - they escape


def macro(template: str, name: str, *values: Any, locale: Locale = ENGLISH) -> Markup:
    """One macro of a template."""
    module = _environment().get_template(template).make_module({"locale": locale})
    return Markup(getattr(module, name)(*values))  # noqa: S704 - they escape


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("ui.web"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {
        "day": _day, "number": _number, "share": _share, "words": _words, "plural": _plural, "outcome": _outcome,
        "sign": _sign, "value": _value, "short": _short, "by_number": _by_number, "by_record": _by_record,
        "duration": _duration, "merged": _merged,
    }  # fmt: skip
    return environment


@pass_context
def _day(context: Context, known: str | None) -> Markup:
    """A date known to the year, month or day, as the reader writes it."""
    if not known:
        return Markup("undated")
    locale, said = context["locale"], known[:10]
    try:
        if len(said) == 10:
            said = format_date(date.fromisoformat(said), "medium", locale)
        elif len(said) == 7:
            said = format_skeleton("yMMM", date.fromisoformat(f"{said}-01"), locale=locale)
    except ValueError:
        pass
    return Markup('<time datetime="{}">{}</time>').format(known[:10], said)


@pass_context
def _number(context: Context, value: float) -> str:
    return format_decimal(value, locale=context["locale"])


@pass_context
def _share(context: Context, value: float) -> str:
    return format_percent(value, locale=context["locale"])


@pass_context
def _plural(context: Context, count: int, noun: str) -> str:
    return f"{_number(context, count)} {noun if count == 1 else noun + 's'}"


def _duration(seconds: float) -> str:
    return format_timedelta(timedelta(seconds=max(1, round(seconds))), locale=ENGLISH, threshold=1.2)


def _merged(filters: dict[str, str], name: str, value: str) -> dict[str, str]:
    return {**filters, name: value}


def _words(name: str | None) -> str:
    """A field's value as words: `lesson_identified` is "lesson identified"."""
    return (name or "").replace("_", " ")


def _value(value: str, field: str) -> str:
    """A field's value as it is shown."""
    if value == NONE:
        return "not stated"
    if field == "outcome":
        return _outcome(value)
    return _KINDS.get(value, value) if field == "kind" else _words(value) if field in _CODED else value


def _outcome(name: str) -> str:
    return next((word for outcome, (_, word) in OUTCOMES.items() if outcome == name), _words(name))


def _sign(name: str) -> str:
    return next((sign for outcome, (sign, _) in OUTCOMES.items() if outcome == name), "")


def _by_number(sources: Iterable[Cited]) -> dict[int, Cited]:
    return {cited.n: cited for cited in sources}


def _by_record(sources: Iterable[Cited]) -> list[list[Cited]]:
    """The quotes of each record, in the order of the first."""
    records: dict[str, list[Cited]] = {}
    for cited in sources:
        records.setdefault(cited.lesson_id, []).append(cited)
    return list(records.values())


def _short(text: str, most: int) -> str:
    """One line of it, cut with an ellipsis."""
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"
