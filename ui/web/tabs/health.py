"""Health: what the library holds, how old it is, what is told twice, what is missing, and what could not be read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse

from index.filters import NONE
from ui.web.desk import Desk, Desks
from ui.web.fill import fill

_BARS = 12  # of a chart
_PROBLEMS = 200


@dataclass(frozen=True, slots=True)
class Bar:
    """A value and how many records have it; in the shape of a group of a count."""

    value: str
    count: int


def health_routes(desks: Desks) -> APIRouter:
    """The routes of the Health tab."""
    router = APIRouter(include_in_schema=False)

    @router.get("/parts/health", response_class=HTMLResponse)
    def health(desk: Desk = Depends(desks)) -> str:  # noqa: B008 - FastAPI's way to say what a route needs
        today = date.today()
        found = desk.library.health(today)
        years = {value: count for value, count in found.by["year"] if value != NONE}
        return fill(
            "health.html",
            desk.locale,
            found=found,
            years=_years(years),
            charts={name: [Bar(*each) for each in found.by[name]][:_BARS] for name in found.by if name != "year"},
            problems=desk.library.problems()[:_PROBLEMS] if desk.may("admin") else None,
            gaps=desk.gaps(today),
        )

    return router


def _years(counted: dict[str, int]) -> Sequence[Bar]:
    """From the first year to the last, those without a record among them."""
    known = sorted(int(year) for year in counted if year.isdigit())
    return [Bar(f"{year:04}", counted.get(f"{year:04}", 0)) for year in range(known[0], known[-1] + 1)] if known else []
