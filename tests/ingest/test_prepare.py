"""One odd file never stops the others."""

from pathlib import Path

import pytest

from ingest.errors import UnreadableFile
from ingest.prepare import READING, cut_reading, read_file

PUMP = b"# Pump\n\n## What happened\n\nThe pump stopped at night.\n"
READ = read_file(Path("/d/pump.md"), PUMP)


def test_a_reading_survives_the_way_to_another_process():
    reading = read_file(Path("/d/pump.md"), PUMP, mtime_ns=7)
    assert READING.validate_json(READING.dump_json(reading)) == reading
    assert (reading.source.size, reading.source.mtime_ns) == (len(PUMP), 7)


@pytest.mark.parametrize(
    ("stage", "work"),
    [
        ("recognise", lambda: read_file(Path("/d/pump.md"), PUMP)),
        ("cut", lambda: cut_reading(READ, lambda text: [], 64)),
    ],
)
def test_an_error_within_becomes_an_unreadable_file(monkeypatch, stage, work):
    monkeypatch.setattr(f"ingest.prepare.{stage}", lambda *arguments: 1 / 0)
    with pytest.raises(UnreadableFile, match="ZeroDivisionError") as error:
        work()
    assert error.value.remedy
