"""What is saved as a file by whoever asked for it."""

from __future__ import annotations

from urllib.parse import quote

from starlette.responses import Response

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
MARKDOWN = "text/markdown; charset=utf-8"


def download(data: bytes, media_type: str, name: str) -> Response:
    """The data as a file of that name."""
    disposition = f"attachment; filename*=UTF-8''{quote(name)}"
    return Response(data, media_type=media_type, headers={"Content-Disposition": disposition})
