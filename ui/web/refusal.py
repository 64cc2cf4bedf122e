"""What the web face refuses, and how it says so."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import JSONResponse

from ingest.errors import LessonsError


class Refused(LessonsError):
    """A request that is not answered; `status` is its HTTP status, `headers` go with it."""

    def __init__(self, status: int, reason: str, remedy: str = "", headers: Mapping[str, str] | None = None) -> None:
        super().__init__(reason, remedy)
        self.status = status
        self.headers = dict(headers or {})

    def response(self, *, with_detail: bool = False) -> JSONResponse:
        """`reason` and `remedy` as JSON, and both as `detail`, where Gradio's page reads what to show."""
        said = {"reason": self.reason, "remedy": self.remedy} | ({"detail": str(self)} if with_detail else {})
        return JSONResponse(said, self.status, headers=self.headers)


async def say_refusal(_: Request, refused: Exception) -> JSONResponse:
    """The exception handler for `Refused`."""
    assert isinstance(refused, Refused)
    return refused.response()
