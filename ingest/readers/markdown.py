"""Markdown: the text stays as written, so that offsets point into the file's own words; front matter becomes fields."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ingest.exchange import from_front_matter
from ingest.model import Document, Heading
from ingest.readers.plain import decode

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?)^(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_ATX = re.compile(r" {0,3}(#{1,6})(?:[ \t]+(.*?))??(?:[ \t]+#+)?[ \t]*")
_SETEXT = re.compile(r" {0,3}(=+|-{2,})[ \t]*")
_NOT_SETEXT = re.compile(r"\s*(?:[-*+>|#]|\d+[.)]\s)|.*\|")
_BOLD = re.compile(r" {0,3}(\*\*|__)(?!\s)((?:(?!\1).){2,80})\1[ \t]*:?[ \t]*")
_INLINE = (
    (re.compile(r"!?\[([^\]]*)\](?:\([^)]*\)|\[[^\]]*\])"), r"\1"),
    (re.compile(r"(\*\*|__|\*|`)(?=\S)(.+?)(?<=\S)\1"), r"\2"),
    (re.compile(r"\\([^\w\s])"), r"\1"),
)


def read_markdown(data: bytes, name: str) -> Document:
    """A Markdown file without its front matter, which is in `fields`; broken front matter stays in the text."""
    text = decode(data)
    values: dict[str, object] = {}
    warnings: tuple[str, ...] = ()
    if block := _FRONT_MATTER.match(text):
        try:
            values = _front_matter(block[1])
        except ValueError as error:
            warnings = (f"The front matter is not valid YAML and was kept as text: {error}",)
        if values:
            text = text[block.end() :]
    found = tuple(_headings(text))
    if exported := from_front_matter(values, text, found):
        return exported
    pairs = ((key, _value(value)) for key, value in values.items())
    fields = {key: value for key, value in pairs if value not in ("", "~", "null")}
    first = found[0].title if found and found[0].level == 1 else ""
    return Document(text, title=fields.get("title") or first, headings=found, fields=fields, warnings=warnings)


def _front_matter(block: str) -> dict[str, object]:
    """Keys and values as written: no number, date or boolean is made of them, so `id: 007` stays `007`."""
    import yaml

    try:
        values = yaml.load(block, Loader=yaml.BaseLoader)  # noqa: S506 - it makes nothing but strings, lists and dicts
    except yaml.YAMLError as error:
        raise ValueError(" ".join(str(error).split())) from error
    if not isinstance(values, dict):
        return {}
    return {str(key).strip().lower(): value for key, value in values.items()}


def _value(value: object) -> str:
    """A scalar, or a list or mapping of scalars; deeper nesting is left out, as aliases could expand it endlessly."""
    if isinstance(value, list):
        return ", ".join(item for item in value if isinstance(item, str))
    if isinstance(value, dict):
        return ", ".join(f"{key}: {item}" for key, item in value.items() if isinstance(item, str))
    return str(value).strip()


def _headings(text: str) -> Iterator[Heading]:
    fence = ""
    offset, before, level = 0, "", 0
    lines = text.split("\n")
    for line, after in zip(lines, [*lines[1:], ""], strict=True):
        mark = _FENCE.match(line)
        if fence:
            if mark and mark[1].startswith(fence) and not line[mark.end() :].strip():
                fence = ""
        elif mark:
            fence = mark[1]
        elif found := _heading(before, line, after, level):
            rank, title, styled = found
            level = rank if styled else level
            yield Heading(rank, title, offset, offset + len(line))
        offset, before = offset + len(line) + 1, line


def _heading(before: str, line: str, after: str, level: int) -> tuple[int, str, bool] | None:
    """Level, title and whether the level is the author's own; `level` is that of the heading above."""
    if (atx := _ATX.fullmatch(line)) and atx[2]:
        return len(atx[1]), _plain(atx[2]), True
    if before.strip() and not _ATX.fullmatch(before):
        return None
    bold = _BOLD.fullmatch(line)
    if line.strip() and (rule := _SETEXT.fullmatch(after)) and not _NOT_SETEXT.match(line if not bold else ""):
        return (1 if rule[1][0] == "=" else 2), _plain(line), True
    if bold and not bold[2].endswith((".", "!", ",", ";")):
        return min(level + 1, 6), _plain(bold[2]), False
    return None


def _plain(title: str) -> str:
    """A heading's words without their Markdown."""
    for pattern, replacement in _INLINE:
        title = pattern.sub(replacement, title)
    return title.strip().rstrip(":").rstrip()
