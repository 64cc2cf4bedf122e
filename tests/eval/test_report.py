import re

import pytest
from selectolax.lexbor import LexborHTMLParser

from eval.report import write
from tests.eval.made_runs import a_run

EVIL = "<script>alert('$1$')</script> & \"more\""


@pytest.fixture
def page(tmp_path):
    """The text of a report and its parsed form."""

    def written(*runs):
        write(runs, tmp_path / "report.html")
        text = (tmp_path / "report.html").read_text("utf-8")
        return text, LexborHTMLParser(text)

    return written


def pair(**changes):
    baseline = a_run([0.5] * 12 + [1.0, 1.0], id="baseline")
    scores = [0.5 + number / 100 for number in range(12)] + [0.0, 0.75]
    return baseline, a_run(scores, id="compared", **{"setting": "dense"} | changes)


def test_what_collections_say_is_shown_and_never_run(page):
    texts = {"queries": {f"q{number}": EVIL for number in range(14)}, "titles": {"d1": EVIL}, "dataset": EVIL}
    baseline, compared = (run.model_copy(update=texts) for run in pair(setting=f"dense {EVIL}"))
    text, parsed = page(baseline, compared)
    assert "<script" not in text
    assert not parsed.css("script, link, img, iframe, object")
    assert parsed.css_first("details.reading summary").text().count(EVIL) == 1
    assert parsed.css_first("section h2").text() == EVIL
    assert EVIL in parsed.css_first("svg").attributes["aria-label"]


def test_the_report_needs_nothing_from_elsewhere(page):
    text, parsed = page(*pair())
    assert all(link.attributes["href"].startswith("#") for link in parsed.css("a"))
    assert not re.findall(r"url\((?!#)|@import|src=", text)
    ids = [node.attributes["id"] for node in parsed.css("[id]")]
    assert len(ids) == len(set(ids))
    defined = set(re.findall(r"(--[\w-]+):", text))
    assert set(re.findall(r"var\((--[\w-]+)\)", text)) <= defined
    assert "#0102" not in text
    assert "#0203" not in text


def test_figures_have_their_intervals_and_marks(page):
    _, parsed = page(*pair())
    rows = [row.text(separator=" ").split() for row in parsed.css("#figures + .box tbody tr")]
    assert rows[0][:3] == ["toy", "test", "·"]
    assert rows[1][:3] == ["hybrid", "baseline", "0.5714"]
    assert rows[2][0] == "dense"
    assert "▲" not in rows[2]  # two large losses against eleven small gains
    better = a_run([1.0] * 12 + [1.0, 1.0], id="better", setting="lexical")
    _, parsed = page(pair()[0], better)
    mark = parsed.css_first("#figures + .box tbody .up")
    assert (mark.text(), mark.attributes["aria-label"]) == ("▲", "better than hybrid, significantly")


def test_the_largest_losses_and_wins_are_there_to_read(page):
    found = {f"q{number}": ("d2", "d9") for number in range(14)}
    text, parsed = page(*pair(found=found))
    changes = [node.text() for node in parsed.css(".change")]
    assert changes == ["−1.000", "−0.250", *(f"+{number / 100:.3f}" for number in range(11, 0, -1))]
    worst = parsed.css_first("details.reading")
    assert "question q12" in worst.css_first("summary").text()
    assert "1.000 → 0.000" in worst.css_first(".scores").text()
    before, after, judged = (column.text(separator=" ") for column in worst.css(".lists > div"))
    assert before.split()[:8] == ["Found", "by", "hybrid", "✓", "The", "pump", "d1", "The"]
    assert "✓2" in after
    assert "rank 1 → –" in judged
    assert "rank – → 2" in judged
    assert "The 2 largest losses" in text
    assert "The 11 largest wins" in text


def test_no_more_than_twenty_queries_a_side_and_ten_judged_records(page):
    judged = {f"q{number}": {f"d{record}": 1 for record in range(13)} for number in range(50)}
    baseline, other = a_run([0.5] * 50, judged=judged), a_run([0.1] * 50, id="other", judged=judged)
    text, parsed = page(baseline, other)
    assert len(parsed.css("details.reading")) == 20
    assert text.count("and 3 more") == 20


def test_collections_are_told_apart_and_their_cost_is_drawn_against_their_size(page):
    small, other = pair()
    large = a_run([0.5, 0.25], id="large", dataset="large $x^$", fingerprint="f2", passages=50_000, index_seconds=None)
    _, parsed = page(small, other, large)
    assert [node.text() for node in parsed.css("main h2")] == ["Figures", "toy", "large $x^$", "Cost against size"]
    assert len(parsed.css("svg[role=img]")) == 2 + 1 + 1
    sizes = [row.css("td")[2].text() for row in parsed.css("section:last-child tbody tr")]
    assert sizes == ["4", "4", "50,000"]
    _, parsed = page(large)
    assert "no index was made anew" in parsed.css("svg")[-1].text()


def test_more_runs_than_colours_have_marks_of_their_own(page):
    runs = [a_run([0.1 * number], id=str(number), setting=f"setting {number}") for number in range(11)]
    text, parsed = page(*runs)
    assert len(parsed.css("h3")) == 10
    assert "setting 10" in parsed.css_first("svg").text()
    assert "var(--series-7)" in text
