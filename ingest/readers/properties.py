"""What office programs write into a file's properties, and how much of it means something.

The author property is left alone: it names the person who was logged in, not the one who knows.
"""

from __future__ import annotations

import re

_NO_TITLE = re.compile(
    r"microsoft (word|powerpoint|excel) - .*|untitled.*|powerpoint.pr[eä]sentation|"
    r"(document|presentation|title|slide) ?\d*|no title|\S+|"
    r".*\.(pdf|docx?|pptx?|xlsx?|odt|rtf|txt|html?|tex|dvi|indd|qxd)",
    re.IGNORECASE,
)


def real_title(title: object) -> str:
    """The title property, or nothing where it is a default, a file name or a single word."""
    clean = " ".join(str(title or "").replace("\0", "").split())
    return "" if _NO_TITLE.fullmatch(clean) else clean


def hidden_text(characters: int) -> tuple[str, ...]:
    """The warning that text which no reader sees was left out, if any was."""
    return (f"Hidden text was left out ({characters:,} characters).",) if characters else ()
