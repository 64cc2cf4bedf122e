"""The rules of `.lessonsignore` are Git's: the cases below, and any others against Git itself where it is installed."""

import random
import shutil
import subprocess
from pathlib import Path

import pytest

from ingest.scan import scan

FILES = "a.md keep.md old/a.md old/keep.md docs/a.md docs/old/a.md docs/old/keep.md docs/draft.txt draft.txt".split()


def lay(folder, files):
    for name in files:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("word")


def found(folder):
    return {path.path.relative_to(folder).as_posix() for path in scan([folder]).files}


@pytest.mark.parametrize(
    ("rules", "left_out"),
    [
        ({"": "*.txt"}, {"draft.txt", "docs/draft.txt"}),
        ({"": "/draft.txt"}, {"draft.txt"}),
        ({"": "old/"}, {"old/a.md", "old/keep.md", "docs/old/a.md", "docs/old/keep.md"}),
        ({"": "/old"}, {"old/a.md", "old/keep.md"}),
        ({"": "a.md/"}, set()),
        ({"": "old/a.md"}, {"old/a.md"}),
        ({"": "**/old/a.md"}, {"old/a.md", "docs/old/a.md"}),
        ({"": "docs/**/keep.md"}, {"docs/old/keep.md"}),
        ({"": "docs/**/"}, {"docs/old/a.md", "docs/old/keep.md"}),
        ({"": "*.md\n!keep.md"}, {"a.md", "old/a.md", "docs/a.md", "docs/old/a.md"}),
        ({"": "!keep.md\n*.md"}, {name for name in FILES if name.endswith(".md")}),
        ({"": "old/\n!old/keep.md"}, {"old/a.md", "old/keep.md", "docs/old/a.md", "docs/old/keep.md"}),
        ({"": "/old/*\n!/old/keep.md"}, {"old/a.md"}),
        ({"": "old/**\n!*.md"}, set()),
        ({"docs": "/a.md"}, {"docs/a.md"}),
        ({"docs": "old"}, {"docs/old/a.md", "docs/old/keep.md"}),
        ({"": "*.md", "docs": "!a.md"}, {"a.md", "keep.md", "old/a.md", "old/keep.md", "docs/old/keep.md"}),
        ({"": "*.md", "docs": "!old/"}, {name for name in FILES if name.endswith(".md")}),
        ({"": "docs/", "docs": "!*"}, {name for name in FILES if name.startswith("docs/")}),
        ({"": "# a.md\n\n\\#\n!\n[z-a]\n\\\n"}, set()),
        ({"": "\ufeff/a.md\r\ndraft.txt\r\n"}, {"a.md", "draft.txt", "docs/draft.txt"}),
    ],
)  # fmt: skip
def test_rules_leave_out_what_git_would(tmp_path, rules, left_out):
    lay(tmp_path, FILES)
    for folder, text in rules.items():
        (tmp_path / folder / ".lessonsignore").write_text(text, encoding="utf-8", newline="")
    assert set(FILES) - found(tmp_path) == left_out


def test_a_file_that_is_given_itself_is_read_whatever_the_rules_say(tmp_path):
    lay(tmp_path, ["a.md"])
    (tmp_path / ".lessonsignore").write_text("*")
    assert [file.path for file in scan([tmp_path / "a.md"]).files] == [tmp_path / "a.md"]


def test_rules_that_cannot_be_read_close_their_folder(tmp_path, monkeypatch):
    lay(tmp_path, FILES)
    (tmp_path / "docs" / ".lessonsignore").write_text("secret.md")
    real = Path.read_text

    def read_text(path, *args, **options):
        if path.name == ".lessonsignore":
            raise PermissionError(13, "Permission denied", str(path))
        return real(path, *args, **options)

    monkeypatch.setattr(Path, "read_text", read_text)
    result = scan([tmp_path])
    assert result.unlisted == (tmp_path / "docs",)
    assert not any(file.path.is_relative_to(tmp_path / "docs") for file in result.files)
    assert "Permission denied" in result.failed[0].reason


def test_any_rules_mean_what_they_mean_to_git(tmp_path):
    if shutil.which("git") is None:
        pytest.skip("Git is not installed")
    draw = random.Random(7)
    names = ["a", "b", "old", "keep"]
    folders = [name for one in names for name in (one, *(f"{one}/{two}" for two in names))]
    lay(tmp_path, [f"{folder}/{file}" for folder in folders for file in ("x.md", "keep.md", "a.md")])
    segments = "a b old keep * ** x.md *.md keep.md k* ? [ab] a* [!a] \\a".split()

    def pattern():
        parts = [draw.choice(segments) for _ in range(draw.choice([1, 1, 2, 3]))]
        return draw.choice(["", "", "!"]) + draw.choice(["", "", "/"]) + "/".join(parts) + draw.choice(["", "", "/"])

    git = ["git", "-C", str(tmp_path)]
    subprocess.run([*git, "init", "-q"], check=True)
    for _ in range(40):
        rules = {folder: [pattern() for _ in range(3)] for folder in ("", draw.choice(folders), draw.choice(folders))}
        for folder, lines in rules.items():
            (tmp_path / folder / ".lessonsignore").write_text("\n".join(lines))
        listed = [*git, "ls-files", "-o", "-z", "--exclude-per-directory=.lessonsignore"]
        said = subprocess.run(listed, check=True, capture_output=True, text=True).stdout.split("\0")
        assert found(tmp_path) == {name for name in said if name.endswith(".md")}, rules
        for folder in rules:
            (tmp_path / folder / ".lessonsignore").unlink(missing_ok=True)
