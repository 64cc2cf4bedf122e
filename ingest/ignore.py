"""`.lessonsignore`: which files and folders to leave out, in the patterns and with the precedence of `.gitignore`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from pathspec.patterns.gitignore.base import GitIgnorePatternError
from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

NAME = ".lessonsignore"
_LAST_FOLDERS = re.compile(r"/\*\*/\s*$")  # `old/**/`, the folders below `old`, which the library takes for `old/`


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules that hold in a folder: those of its own file, then those of the folders above it.

    `base` is the length of the folder's own path within the scanned one, with the slash behind it; `patterns` are
    expressions and whether they leave out or take back, the last line first.
    """

    patterns: tuple[tuple[re.Pattern[str], bool], ...]
    base: int
    above: Rules | None = None

    @classmethod
    def load(cls, file: Path, base: int, above: Rules | None) -> Self:
        """The rules of `file`, which lies in the folder whose relative path has `base` characters. Raises `OSError`."""
        text = file.read_text(encoding="utf-8-sig", errors="replace")
        return cls(tuple(_patterns(text))[::-1], base, above)

    def leave_out(self, path: str) -> bool:
        """Whether an entry is left out: `path` is relative to the scanned folder, a folder's ends in a slash.

        The file nearest to the entry decides, in it the last pattern that matches. It is for the caller not to look
        into a folder that is left out.
        """
        rules: Rules | None = self
        while rules is not None:
            below = path[rules.base :]
            for pattern, leaves_out in rules.patterns:
                if _matches(pattern, below):
                    return leaves_out
            rules = rules.above
        return False


def _patterns(text: str) -> Iterator[tuple[re.Pattern[str], bool]]:
    """The lines that are patterns; Git too passes over the others without a word."""
    for line in text.split("\n"):
        try:
            pattern = GitIgnoreSpecPattern(_LAST_FOLDERS.sub("/**/*/", line))
        except (GitIgnorePatternError, re.error):
            continue
        if pattern.regex is not None and pattern.include is not None:
            yield pattern.regex, pattern.include


def _matches(pattern: re.Pattern[str], path: str) -> bool:
    """Whether the pattern means this very entry.

    The library's expressions also match what lies below a folder that they mean, by the folder's slash; here that is
    decided when the folder is come to, and `old/**` must not mean `old/` itself.
    """
    if pattern.groups:
        return any(match.end() == len(path) for match in pattern.finditer(path))
    match = pattern.search(path)
    return match is not None and not (match.end() == len(path) and path.endswith("/"))
