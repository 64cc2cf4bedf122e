"""A run that is killed at any moment costs the next one at most the files that were being read."""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from index.library import Library
from index.sync import sync
from tests.fakes import HashEmbedder, a_library

ROOT = Path(__file__).parents[2]
KILLS = 20
READERS = 2
CHILD = f"""
import sys, time
from pathlib import Path
from index.library import Library
from index.sync import sync
from ingest.settings import IngestSettings
from tests.fakes import HashEmbedder

class Slow(HashEmbedder):
    def documents(self, texts):
        time.sleep(len(texts) / 400)
        return super().documents(texts)

folder, documents, run = map(Path, sys.argv[1:])
with Library.open(folder, embedder=Slow(), create=True) as library:
    stage = library.stage
    def noted(reading):
        with run.open("a") as log:
            log.write(reading.source.path + "\\n")
        stage(reading)
    library.stage = noted
    sync(library, [documents], IngestSettings(readers={READERS}))
"""


@pytest.fixture
def documents(tmp_path):
    folder = tmp_path / "documents"
    folder.mkdir()
    chance = random.Random(7)
    words = [f"word{number}" for number in range(800)]
    for number in range(60):
        paragraphs = [" ".join(chance.choices(words, k=40)) for _ in range(chance.randint(1, 40))]
        (folder / f"report-{number}.md").write_text(f"# Report {number}\n\n" + "\n\n".join(paragraphs))
    return folder


def content(folder):
    """Everything an answer can come from, without the numbers that count the attempts."""
    with Library.open(folder, embedder=HashEmbedder()) as library:
        lessons = [(lesson, text) for lesson, text, _ in library.lessons()]
        hits = [
            sorted((round(hit.score, 3), hit.lesson_id, hit.start) for hit in library.search(word, 400, mode=mode).hits)
            for word in (f"word{number}" for number in range(0, 800, 80))
            for mode in ("lexical", "dense")
        ]
        assert library.engine.check() == ""
    with sqlite3.connect(folder / "catalogue.sqlite") as catalogue:
        vectors = "SELECT header, text, vector FROM passages JOIN embeddings ON passage = id ORDER BY 1, 2"
        passages = catalogue.execute(vectors).fetchall()
        staged = catalogue.execute("SELECT count(*) FROM staged").fetchone()
    catalogue.close()
    return sorted(lessons, key=lambda each: each[0].lesson_id), hits, passages, staged


def kept(folder):
    """The paths of the files that a next run need not read."""
    catalogue = sqlite3.connect(folder / "catalogue.sqlite")
    rows = catalogue.execute("SELECT path FROM staged UNION SELECT path FROM sources").fetchall()
    catalogue.close()
    return {path for (path,) in rows}


def test_killed_runs_reach_the_same_content(documents, tmp_path):
    with a_library(tmp_path / "undisturbed") as library:
        sync(library, [documents])
    expected = content(tmp_path / "undisturbed")
    chance = random.Random(2026)
    folder, finished = tmp_path / "killed-0", 0
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    for attempt in range(KILLS):
        log = tmp_path / f"run-{attempt}"
        log.touch()
        child = subprocess.Popen([sys.executable, "-c", CHILD, folder, documents, log], env=environment)
        try:
            child.wait(chance.uniform(0.3, 2.2))
        except subprocess.TimeoutExpired:
            child.send_signal(signal.SIGKILL)
        if child.wait() == 0:
            assert content(folder) == expected
            finished += 1
            folder = tmp_path / f"killed-{finished}"
        elif (folder / "manifest.json").exists():
            with Library.open(folder, embedder=HashEmbedder()) as library:
                assert all(hit.text in library.source(hit.source_id).text for hit in library.search("word1").hits)
            assert len(set(log.read_text().splitlines()) - kept(folder)) <= READERS
    assert child.returncode in (0, -signal.SIGKILL)
    with Library.open(folder, embedder=HashEmbedder(), create=True) as library:
        started = time.perf_counter()
        sync(library, [documents])
        assert time.perf_counter() - started < 60
    assert content(folder) == expected
