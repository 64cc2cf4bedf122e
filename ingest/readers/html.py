"""HTML: the visible text, blocks parted by a blank line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ingest.model import Document, Heading
from ingest.readers.plain import decode

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

_DROPPED = frozenset({
    "script", "style", "noscript", "template", "head", "nav", "footer", "svg", "math", "canvas", "audio", "video",
    "object", "iframe", "button", "select", "textarea", "map", "-comment",
})  # fmt: skip
_BLOCKS = frozenset({
    "address", "article", "aside", "blockquote", "body", "caption", "center", "dd", "details", "dialog", "div", "dl",
    "dt", "fieldset", "figcaption", "figure", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "html",
    "legend", "li", "main", "ol", "p", "pre", "section", "summary", "table", "tbody", "td", "tfoot", "th", "thead",
    "tr", "ul",
})  # fmt: skip
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_BREAK = "\0"  # never in parsed text: the parser replaces it
_HIDDEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|(?:font-size|opacity)\s*:\s*0(?![.\d]*[1-9])", re.IGNORECASE
)
_CHARSET = re.compile(rb"<meta[^>]+charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
_AUTHORS = frozenset({"author", "dc.creator", "dcterms.creator", "article:author"})
_DATES = frozenset({"date", "dc.date", "dcterms.date", "dcterms.created", "article:published_time", "pubdate"})


def read_html(data: bytes, name: str) -> Document:
    """A web page: its visible text; `<title>` and the author and date of its `<meta>` are in `fields`."""
    from selectolax.lexbor import LexborHTMLParser

    declared = _CHARSET.search(data[:4096])
    tree = LexborHTMLParser(decode(data, declared[1].decode("ascii") if declared else ""))
    page = _Text(tree.body)
    fields = _fields(tree)
    title = fields.get("title") or next((heading.title for heading in page.headings), "")
    return Document(page.text, title=title, headings=tuple(page.headings), fields=fields)


def visible_text(markup: str) -> str:
    """The text of a piece of HTML."""
    from selectolax.lexbor import LexborHTMLParser

    return _Text(LexborHTMLParser(markup).body).text


def _fields(tree: LexborHTMLParser) -> dict[str, str]:
    """What the page states about itself."""
    fields: dict[str, str] = {}
    title = tree.css_first("head > title")
    if title is not None:
        fields["title"] = " ".join(title.text().split())
    for meta in tree.css("meta[content]"):
        given = meta.attributes
        key = (given.get("name") or given.get("property") or "").lower()
        kind = "author" if key in _AUTHORS else "date" if key in _DATES else ""
        if kind:
            fields.setdefault(kind, " ".join((given.get("content") or "").split()))
    return {key: value for key, value in fields.items() if value}


class _Text:
    """The visible text under `root`; the walk keeps its own stack, as pages nest thousands deep."""

    def __init__(self, root: LexborNode | None) -> None:
        self.headings: list[Heading] = []
        self.blocks: list[str] = []
        self.length = 0
        self.inline: list[str] = []
        self.prefix = ""
        self.tight = False  # the next block (a row, a list item) follows its neighbour without a blank line
        if root is not None:
            self._walk(root)
        self._flush()
        self.text = "".join(self.blocks)

    def _walk(self, root: LexborNode) -> None:
        stack: list[tuple[LexborNode, bool]] = [(root, True)]
        while stack:
            node, entering = stack.pop()
            if not entering:
                self._leave(node)
            elif node.tag == "-text":
                self.inline.append(node.text_content or "")
            elif node.tag == "br":
                self.inline.append(_BREAK)
            elif node.tag == "table" and (rows := _rows(node)):
                self._flush()
                for row in rows:
                    self._write(row)
                    self.tight = True
                self.tight = False
            elif not _dropped(node):
                if node.tag in _BLOCKS:
                    self._flush()
                    stack.append((node, False))
                if node.tag == "li":
                    self.prefix, self.tight = "- ", _follows_item(node)
                stack.extend((child, True) for child in reversed(list(_children(node))))

    def _leave(self, node: LexborNode) -> None:
        self._flush(_HEADINGS.get(node.tag or "", 0), raw=node.tag == "pre")
        if node.tag == "li":
            self.prefix, self.tight = "", False

    def _flush(self, level: int = 0, raw: bool = False) -> None:
        """Write the inline text gathered so far as one block."""
        gathered = "".join(self.inline)
        self.inline = []
        if raw:
            text = gathered.replace(_BREAK, "\n").strip("\n")
        elif level:
            text = " ".join(gathered.replace(_BREAK, " ").split())
        else:
            lines = (" ".join(line.split()) for line in gathered.split(_BREAK))
            text = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
        if not text.strip():
            return
        end = self._write(self.prefix + text)
        self.prefix, self.tight = "", False
        if level:
            self.headings.append(Heading(level, text, end - len(text), end))

    def _write(self, block: str) -> int:
        """Append a block; the offset of its end."""
        gap = "" if not self.blocks else "\n" if self.tight else "\n\n"
        self.blocks += [gap, block]
        self.length += len(gap) + len(block)
        return self.length


def _children(node: LexborNode) -> Iterator[LexborNode]:
    child = node.child
    while child is not None:
        yield child
        child = child.next


def _follows_item(item: LexborNode) -> bool:
    """Whether a list item comes right after another, or opens a list inside one."""
    before = item.prev
    while before is not None and before.tag != "li":
        before = before.prev
    above = item.parent.parent if item.parent is not None else None
    return before is not None or (above is not None and above.tag == "li")


def _dropped(node: LexborNode) -> bool:
    given = node.attributes
    return (
        node.tag in _DROPPED
        or "hidden" in given
        or given.get("aria-hidden") == "true"
        or _HIDDEN.search(given.get("style") or "") is not None
    )


def _rows(table: LexborNode) -> list[str]:
    """A table of data as lines of cells; none when the table only lays out the page."""
    if table.css_first("table table, h1, h2, h3, h4, h5, h6") is not None:
        return []
    rows = []
    for row in table.css("tr"):
        cells = [cell for cell in _children(row) if cell.tag in ("td", "th")]
        rows.append([" ".join(_Text(cell).text.split()) for cell in cells])
    if all(len(row) < 2 for row in rows):
        return []
    return [" | ".join(row) for row in rows if any(row)]
