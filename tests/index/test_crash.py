"""Whatever happens to process, disk or file: the library opens, is consistent, and has what was committed."""

import json
import os
import random
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from index.library import Library
from index.maintenance import compact, faults
from index.reindex import reindex
from ingest.errors import LibraryError
from tests.fakes import HashEmbedder, a_library, prepared

ROOT = Path(__file__).parents[2]
KILLS = 200 if os.environ.get("ALL_KILLS") else 80
NOTE = "# Note {0}\n\n## What happened\n\nThe word{0} of the pump. " + "leaf " * 40


def test_a_process_killed_at_any_moment_leaves_one_state_or_the_other(tmp_path):
    command = [sys.executable, "-m", "tests.index.crashing", tmp_path / "library", str(KILLS), "1"]
    ran = subprocess.run(command, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    kills = json.loads(ran.stdout.splitlines()[-1])
    assert sum(kills.values()) == KILLS
    assert all(kills.values()), kills


@pytest.fixture
def full(tmp_path, monkeypatch):
    """A folder on a disk of four megabytes, and what fills it and empties it."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", disk], capture_output=True).returncode:
        pytest.skip("a small disk cannot be mounted: that takes root")
    yield disk
    while os.path.ismount(disk):
        subprocess.run(["umount", "--lazy", disk], check=True)


def fill(disk, leave=0):
    """Leave no more than some bytes free."""
    with (disk / "filler").open("wb", buffering=0) as filler:
        while free := max(0, shutil.disk_usage(disk).free - leave):
            filler.write(bytes(min(free, 65536)))


@pytest.mark.parametrize("leave", [0, 20_000, 60_000, 150_000])
@pytest.mark.parametrize("change", ["add", "remove", "reindex", "compact"])
def test_a_full_disk_stops_a_change_and_nothing_else(full, change, leave):
    folder = full / "library"
    with a_library(folder, embedder=HashEmbedder(dimension=64)) as library:
        library.add([prepared(library, f"{number}.md", NOTE.format(number)) for number in range(40)])
        fill(full, leave)
        more = [prepared(library, f"{number}.md", NOTE.format(number)) for number in range(40, 300)]
        other = HashEmbedder("fake:other", dimension=4096)
        changes = {
            "add": lambda: library.add(more),
            "remove": lambda: library.remove([f"/documents/{number}.md" for number in range(1, 40)]),
            "reindex": lambda: reindex(library, "fake:other", embedder=other),
            "compact": lambda: compact(library),
        }
        with suppress(LibraryError) if change in ("remove", "compact") else pytest.raises(LibraryError) as error:
            changes[change]()
        if error:
            assert "disk" in error.value.remedy
            assert library.stats().documents == 40
            assert library.manifest.embedder == "fake:hash"
        assert library.search("word0", mode="lexical").hits[0].source == "/documents/0.md"
        (full / "filler").unlink()
        assert faults(library) == []
        if change != "reindex":
            library.add(more[:5])
            assert library.search("word44", mode="lexical").hits[0].source == "/documents/44.md"
    with Library.open(folder, embedder=HashEmbedder(dimension=64)) as library:
        assert faults(library) == []


@pytest.mark.parametrize("how", ["full", "read-only"])
def test_a_library_is_read_where_nothing_can_be_written(full, how):
    folder = full / "library"
    notes = [f"{number}.md" for number in range(40)]
    with a_library(folder, embedder=HashEmbedder(dimension=64)) as library:
        library.add([prepared(library, name, NOTE.format(name[:-3])) for name in notes])
    if how == "full":
        fill(full)
    else:
        # A mount of its own: the disk itself cannot be made read-only while any file of it is open for writing.
        subprocess.run(["mount", "--bind", full, full], check=True)
        subprocess.run(["mount", "-o", "remount,ro,bind", full], check=True)
    with Library.open(folder, embedder=HashEmbedder(dimension=64)) as library:
        for mode in ("hybrid", "lexical", "dense"):
            assert library.search("word33", mode=mode, filters={"source": "33"}).hits[0].source == "/documents/33.md"
        with pytest.raises(LibraryError, match="disk"):
            library.remove(["/documents/33.md"])
        assert library.stats().documents == 40


@pytest.fixture
def whole(tmp_path, monkeypatch):
    """A library with everything a library may have, as it lies on disk while it is open, and what it finds."""
    monkeypatch.setattr("index.local.engine.LEAST_STALE", 20)
    folder = tmp_path / "whole"
    with a_library(folder) as library:
        for first in range(0, 40, 10):
            library.add([prepared(library, f"{n}.md", NOTE.format(n)) for n in range(first, first + 10)])
        library.remove(["/documents/3.md"])
        expected = found(library)
        shutil.copytree(folder, tmp_path / "copy")
    return tmp_path / "copy", expected


def found(library):
    queries = [f"word{number} pump" for number in range(0, 40, 4)]
    return [
        library.search(query, 1, mode=mode).hits[0].lesson_id
        for query in queries
        for mode in ("hybrid", "dense", "lexical")
    ]


@pytest.mark.parametrize("damage", ["cut in half", "emptied", "removed", "overwritten"])
def test_a_torn_file_of_the_engine_is_made_anew(whole, tmp_path, damage):
    folder, expected = whole
    names = [file.relative_to(folder) for file in sorted(folder.rglob("*")) if file.is_file()]
    torn = [name for name in names if name.parts[0] == "words" or name.suffix in (".faiss", ".npy")]
    assert {".faiss", ".npy", ".idx", ".json"} <= {name.suffix for name in torn}
    for number, name in enumerate(torn):
        copy = tmp_path / f"torn{number}"
        shutil.copytree(folder, copy)
        tear(copy / name, damage)
        with Library.open(copy, embedder=HashEmbedder()) as library:
            assert found(library) == expected, (name, damage)
            assert faults(library) == [], (name, damage)
        shutil.rmtree(copy)


def tear(file, damage):
    data = file.read_bytes()
    if damage == "cut in half":
        file.write_bytes(data[: len(data) // 2])
    elif damage == "emptied":
        file.write_bytes(b"")
    elif damage == "removed":
        file.unlink()
    else:
        file.write_bytes(os.urandom(len(data)))


def test_a_log_of_the_catalogue_cut_anywhere_leaves_the_commits_before(whole, tmp_path):
    folder, _ = whole
    size = (folder / "catalogue.sqlite-wal").stat().st_size
    chance, states = random.Random(4), set()
    for number in range(12):
        copy = tmp_path / f"cut{number}"
        shutil.copytree(folder, copy)
        (copy / "catalogue.sqlite-shm").unlink()
        os.truncate(copy / "catalogue.sqlite-wal", chance.randrange(size // 20, size))
        with Library.open(copy, embedder=HashEmbedder(), create=True) as library:
            assert faults(library) == []
            states.add(library.stats().documents)
        shutil.rmtree(copy)
    assert states <= {0, 10, 20, 30, 40, 39}
    assert len(states) > 2
