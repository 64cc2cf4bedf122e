"""A lesson's places in the text: all of them moved together, or checked against the lesson's own bounds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

from ingest.model import Action, Lesson, Provenance, Section, Tag

Spot = TypeVar("Spot", Tag, Provenance)
Part = TypeVar("Part", Section, Action)


def shifted(lesson: Lesson, by: int) -> Lesson:
    """The lesson with all its spans moved by `by` characters."""

    def spot(each: Spot) -> Spot:
        if each.start is None or each.end is None:
            return each
        return replace(each, start=each.start + by, end=each.end + by)

    def part(each: Part) -> Part:
        return replace(each, start=each.start + by, end=each.end + by)

    return _mapped(replace(lesson, start=lesson.start + by, end=lesson.end + by), spot, part)


def own(lesson: Lesson) -> Lesson:
    """The lesson with spans into its own text.

    A place outside of it is forgotten: the words of a title page prove nothing where there is no title page.
    """
    return shifted(_contained(lesson), -lesson.start)


def fits(lesson: Lesson, text: str) -> bool:
    """Whether `text` is the lesson's own and holds all its spans."""
    return (lesson.start, lesson.end) == (0, len(text)) and _contained(lesson) == lesson


def _contained(lesson: Lesson) -> Lesson:
    def spot(each: Spot) -> Spot:
        if each.start is None or each.end is None or lesson.start <= each.start <= each.end <= lesson.end:
            return each
        return replace(each, start=None, end=None)

    def part(each: Part) -> Part:
        start = min(max(each.start, lesson.start), lesson.end)
        return replace(each, start=start, end=min(max(each.end, start), lesson.end))

    return _mapped(lesson, spot, part)


def _mapped(lesson: Lesson, spot: Callable[[Any], Any], part: Callable[[Any], Any]) -> Lesson:
    """The lesson with `spot` applied to what may have a place, `part` to what has one."""
    return replace(
        lesson,
        sections=tuple(map(part, lesson.sections)),
        actions=tuple(map(part, lesson.actions)),
        topics=tuple(map(spot, lesson.topics)),
        causes=tuple(map(spot, lesson.causes)),
        contributors=tuple(map(spot, lesson.contributors)),
        provenance={name: spot(found) for name, found in lesson.provenance.items()},
    )
