"""Both pipelines read the same files; the figures are those of what was indexed."""

import pytest

from eval.throughput import compare
from ingest.errors import BadDataset


def test_both_read_the_same_text(tmp_path):
    from reportlab.pdfgen.canvas import Canvas

    text = "The pump stopped because nobody had cleaned its filter since the spring. " * 30
    (tmp_path / "pump.md").write_text(f"# Pump\n\n{text}\n")
    (tmp_path / "log.csv").write_text("ID,Event\nL-1,Not read by the plain recipe\n")
    canvas = Canvas(str(tmp_path / "report.pdf"))
    canvas.drawString(72, 700, "The night shift had no key to the store.")
    canvas.save()
    ours, plain = compare([tmp_path])
    assert abs(ours.characters - plain.characters) < 20
    assert ours.characters > len(text)
    for one in (ours, plain):
        assert one.passages >= 3
        assert 0 < one.embedding < one.total
        assert one.reading > 0
        assert one.rates["characters_a_second"] == pytest.approx(one.characters / one.total, rel=0.01)


def test_a_folder_without_such_files_is_refused(tmp_path):
    (tmp_path / "log.csv").write_text("ID,Event\nL-1,x\n")
    with pytest.raises(BadDataset, match="no PDF"):
        compare([tmp_path])
