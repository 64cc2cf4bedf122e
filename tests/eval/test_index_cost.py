"""What size costs: the figures are of what they say, and would show a search that misses."""

import numpy as np
import pytest

from eval import index_cost
from eval.concurrency import measure as measure_company
from eval.index_cost import _recall, measure
from eval.index_plain import ways
from eval.index_plot import plot
from eval.synthetic import SHARES, blank, grow, real_of
from ingest.errors import BadDataset
from tests.fakes import HashEmbedder, a_library


@pytest.fixture(scope="module")
def costs(sample):
    return measure(sample, [200, 600])


def test_every_way_is_measured_at_every_size(costs):
    assert {(cost.way, cost.passages) for cost in costs} == {
        (way, size) for way in ("lessons", *ways()) for size in (200, 600)
    }
    assert {"lessons", "numpy", "FAISS flat", "usearch"} <= {cost.way for cost in costs}
    for cost in costs:
        assert set(cost.latency_ms) == set(cost.recall) == {"no filter", *SHARES}
        assert all(0 < p50 <= p95 for p50, p95 in cost.latency_ms.values())
        assert cost.disk_mb > 0


def test_ours_misses_nothing_and_tells_what_it_costs(costs):
    for cost in costs:
        if cost.way in ("lessons", "numpy", "FAISS flat"):
            assert min(cost.recall.values()) > 0.999, cost
        if cost.way == "lessons":
            assert cost.memory_mb > 50
            assert {"embed", "vectors", "words", "fuse", "rank", "total"} <= cost.stages_ms.keys()
            assert {"vectors, exact", "words, half, by record"} <= cost.choices_ms.keys()
            assert cost.ratio
            assert 0.2 < cost.ratio < 20


def test_a_way_that_sorts_out_afterwards_is_seen_to_miss(costs):
    graphs = [cost.recall["one percent"] for cost in costs if cost.way == "usearch" and cost.passages == 600]
    assert graphs[0] < 0.9


def test_recall_counts_what_is_as_near_as_the_tenth():
    vectors = np.eye(20, dtype=np.float32)
    vectors[:12] = vectors[0]
    asked = vectors[:1]
    assert _recall([np.arange(2, 12)], asked, vectors, None) == 1.0
    assert _recall([np.arange(7, 17)], asked, vectors, None) == 0.5
    assert _recall([np.arange(5)], asked, vectors, None) == 0.5
    among = np.zeros(20, bool)
    among[5:15] = True
    assert _recall([np.arange(5, 15)], asked, vectors, among) == 1.0


def test_a_grown_library_is_whole_and_made_of_the_real_one(sample, tmp_path):
    real = real_of(sample, 300)
    with blank(tmp_path / "grown", sample) as grown:
        grow(grown, real, 700, lambda part: None)
        assert grown.catalogue.count() == 700
        assert grown.engine.check() == ""
        texts = [text for batch in grown.catalogue.batches(range(1, len(real.texts) + 1)) for text in batch.texts]
        assert [text.lstrip("\n") for text in texts] == real.texts
        lengths = np.linalg.norm(next(grown.catalogue.blocks(1)).vectors, axis=1)
        assert np.allclose(lengths, 1, atol=1e-4)


def test_too_small_a_library_is_refused(tmp_path):
    with a_library(tmp_path, embedder=HashEmbedder()) as library, pytest.raises(BadDataset, match="100"):
        real_of(library, 10)


def test_the_plot_shows_every_way(tmp_path, costs):
    plot(costs, tmp_path / "cost.svg")
    drawn = (tmp_path / "cost.svg").read_text()
    assert drawn.count('<g id="line2d_') > 20
    plot(costs, tmp_path / "cost.png")
    assert (tmp_path / "cost.png").stat().st_size > 10_000


def test_coming_in_is_timed(sample):
    speed = index_cost.speed(sample, real_of(sample, 150).texts)
    assert speed.passages >= 150
    assert 0 < speed.committed_a_second < 2 * speed.embedded_a_second  # whatever else runs meanwhile


def test_readers_beside_a_writer_see_whole_commits():
    report = measure_company(3, 1500, quiet=1.0)
    assert report.errors == ()
    assert report.torn == 0
    assert min(report.reads_quiet, report.reads_busy) > 20
    assert 0 < report.quiet_ms[0] <= report.quiet_ms[1]
