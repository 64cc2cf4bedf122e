"""Values of record files as text."""

from __future__ import annotations

import ast
import html
import re

from ingest.metadata import is_empty
from ingest.readers.html import visible_text

_LONGEST_LIST = 200  # characters of a `a;b;` list: a longer value is a text that happens to end so
_MARKUP = re.compile(r"</?(?:p|br|div|li|ul|ol|span|b|i|em|strong|a|sup|sub|table|tr|td|h[1-6])\b[^>]*>", re.IGNORECASE)
_SURROGATES = re.compile(r"[\ud800-\udfff]")
_POINTER = re.compile(r"see (the )?(lessons?|lesson\(s\)) learned\W*", re.IGNORECASE)  # to the column beside it


def cell_text(value: object) -> str:
    """A cell or JSON value as text, without markup and stray line ends; empty if it only says that there is none."""
    text = _joined(value)
    if _MARKUP.search(text):
        text = visible_text(text)
    elif "&" in text:
        text = html.unescape(text)
    text = _SURROGATES.sub("\ufffd", re.sub(r"\r\n?", "\n", text)).replace("\0", "").strip()
    return "" if is_empty(text) or _POINTER.fullmatch(text) else text


def _joined(value: object) -> str:
    """A JSON value as text: lists joined, objects as `key: value`."""
    if value is None:
        return ""
    if isinstance(value, str):
        return _listed(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        nested = any(isinstance(item, (dict, list)) for item in value)
        texts = [text for item in value if (text := _joined(item))]
        return "\n".join(f"- {text}" for text in texts) if nested else ", ".join(texts)
    if isinstance(value, dict):
        return "; ".join(f"{key}: {text}" for key, item in value.items() if (text := _joined(item)))
    return str(value)


def _listed(value: str) -> str:
    """A list that an export wrote out, as `['a', 'b']` or `a;b;`, joined."""
    if value.endswith(";") and len(value) <= _LONGEST_LIST:
        return ", ".join(item.strip() for item in value.split(";") if item.strip())
    if not (value.startswith("['") and value.endswith("']")):
        return value
    try:
        items = ast.literal_eval(value)
    except (ValueError, SyntaxError):
        return value
    return ", ".join(map(str, items))
