"""Markdown: the text stays as written, so that offsets point into the file's own words; front matter becomes fields."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Hashable, Iterator
from typing import Any

from ingest.exchange import from_front_matter
from ingest.metadata import names_label, record_metadata, with_all_labels
from ingest.model import Document, Heading
from ingest.readers.plain import decode

_FRONT_MATTER = re.compile(
    r"\A(?P<mark>---|\+\+\+)[ \t]*\n(?P<block>.*?)^(?:(?P=mark)|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE
)
_KEY_LINE = re.compile(r"^[ \t]*([A-Za-z][\w .-]*?)[ \t]*[:=][ \t]*(.+|(?:\n[ \t]*-.+)+)", re.MULTILINE)
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
    """A Markdown file without its front matter, in YAML or TOML, which is in `fields`.

    Broken front matter stays in the text; what it says of who may read the document holds nevertheless.
    """
    text = decode(data)
    values: dict[str, object] = {}
    warnings: tuple[str, ...] = ()
    if front := _FRONT_MATTER.match(text):
        language, parse = ("YAML", _yaml) if front["mark"] == "---" else ("TOML", _toml)
        try:
            values = _front_matter(parse(front["block"]))
            text = text[front.end() :] if values else text
        except ValueError as error:
            cause = " ".join(str(error).split())
            warnings = (f"The front matter is not valid {language} and was kept as text: {cause}",)
            lines = ((line[1].lower(), line[2]) for line in _KEY_LINE.finditer(front["block"]) if names_label(line[1]))
            values = with_all_labels(lines)
    found = tuple(_headings(text))
    pairs = ((key, _label(value) if names_label(key) else _value(value)) for key, value in values.items())
    fields = {key: value for key, value in pairs if value not in ("", "~", "null")}
    label = {key: each.value for key, each in record_metadata(fields).items() if key == "access"}
    if exported := from_front_matter({**values, **label}, text, found):
        return exported
    first = found[0].title if found and found[0].level == 1 else ""
    return Document(text, title=fields.get("title") or first, headings=found, fields=fields, warnings=warnings)


def _yaml(block: str) -> object:
    """As written: no number, date or boolean is made of it, so `id: 007` stays `007`. Raises `ValueError`."""
    import yaml

    class Loader(yaml.BaseLoader):  # it makes nothing but strings, lists and dicts
        def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
            pairs = ((str(key), value) for key, value in self.construct_pairs(node, deep))
            return dict(with_all_labels(pairs).items())

    try:
        return yaml.load(block, Loader=Loader)  # noqa: S506
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from error


def _toml(block: str) -> object:
    """Raises `ValueError`."""
    return tomllib.loads(block, parse_float=str)


def _front_matter(values: object) -> dict[str, object]:
    """Keys and values; labels also from a table inside."""
    if not isinstance(values, dict):
        return {}
    inner = (
        (key, value)
        for table in values.values()
        if isinstance(table, dict)
        for key, value in table.items()
        if names_label(str(key))
    )
    return with_all_labels((str(key).strip().lower(), value) for key, value in (*values.items(), *inner))


def _value(value: object) -> str:
    """A scalar, or a list or mapping of scalars; deeper nesting is left out, as aliases could expand it endlessly."""
    if isinstance(value, list):
        return ", ".join(_scalar(item) for item in value if not isinstance(item, (list, dict)))
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_scalar(item)}" for key, item in value.items() if not isinstance(item, (list, dict)))
    return _scalar(value)


def _scalar(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value).strip()


def _label(value: object) -> str:
    """All that the value of a label says, however it is nested."""
    return ", ".join(_pieces(value, set()))


def _pieces(value: object, seen: set[int]) -> Iterator[str]:
    """Each list or mapping is gone through once."""
    if isinstance(value, (list, dict)):
        if id(value) in seen:
            return
        seen.add(id(value))
    if isinstance(value, list):
        for item in value:
            yield from _pieces(item, seen)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from (f"{key}: {piece}" for piece in _pieces(item, seen))
    else:
        yield _scalar(value)


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
