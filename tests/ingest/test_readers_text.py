"""Plain text, Markdown and HTML."""

import codecs
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.errors import UnreadableFile
from ingest.readers import read
from ingest.readers.markdown import read_markdown
from ingest.readers.plain import decode, headings


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("Zażółć\r\nb\rc".encode(), "Zażółć\nb\nc"),
        (codecs.BOM_UTF8 + "é".encode(), "é"),
        (codecs.BOM_UTF16_LE + "é x".encode("utf-16-le"), "é x"),
        (codecs.BOM_UTF32_BE + "é".encode("utf-32-be"), "é"),
        ("plain words in two bytes".encode("utf-16-le"), "plain words in two bytes"),
        ("plain words in two bytes".encode("utf-16-be"), "plain words in two bytes"),
        ("The café’s naïve plan – it’s £5 over.".encode("cp1252"), "The café’s naïve plan – it’s £5 over."),
        ("Résumé: l’équipe a déjà répété".encode("cp1252"), "Résumé: l’équipe a déjà répété"),
        ("Проверка извлечённых уроков".encode("cp1251"), "Проверка извлечённых уроков"),
        ("éèüöäñçåøæœ cut É".encode()[:-1], "éèüöäñçåøæœ cut \ufffd"),
    ],
)  # fmt: skip
def test_encodings(data, text):
    assert decode(data) == text


def test_declared_encoding_beats_statistics():
    assert decode("café".encode("cp1252"), "cp1252") == "café"
    assert decode("déjà vu".encode("cp1252"), "no-such-code") == "déjà vu"


def test_binary_is_refused():
    with pytest.raises(UnreadableFile, match="binary"):
        decode(bytes(range(256)) * 10)


def test_encoding_that_cannot_be_told(monkeypatch):
    class Nothing:
        def best(self):
            return None

    monkeypatch.setattr("charset_normalizer.from_bytes", lambda data: Nothing())
    with pytest.raises(UnreadableFile, match="encoding"):
        decode(b"\xe9\xe8")


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1))
def test_utf8_is_kept(text):
    assert decode(text.encode()) == text.removeprefix("\ufeff")


PLAIN = """Pump review
===========

Summary
-------
The pump failed.

ROOT CAUSE

Nobody looked. A line with
Lessons learned:
in the middle of a paragraph is no heading.

What went well?

Much.

THE FIRST
THE SECOND

-----
"""


def test_plain_headings():
    document = read(Path("a.txt"), PLAIN.encode())
    assert document.title == "Pump review"
    assert [(h.level, h.title) for h in document.headings] == [
        (1, "Pump review"),
        (2, "Summary"),
        (3, "ROOT CAUSE"),
        (4, "What went well?"),
    ]
    assert all(document.text[h.start : h.end] == h.title for h in document.headings)


def test_plain_without_headings():
    assert headings("just words\nand more, of THE kind.\n\nEND OF IT.\n") == ()
    assert read(Path("a.log"), b"one line").title == ""


def test_overlined_title():
    document = read(Path("a.rst"), b"======\nReview\n======\n\nText.\n")
    assert (document.title, len(document.headings)) == ("Review", 1)


MARKDOWN = """---
title: "Valve: a review"
id: 007
date: 2021-03-14
tags: [pump, valve]
team:
  lead: A. Officer
  deep: {x: 1}
blank:
nothing: ~
---
# Not the *title*

## What [happened](http://x) ##
Text **bold** here.

```
# no heading
```

Causes
------

**The underlying issue**:

text

**This whole sentence is bold.**
__Not after a blank line__
- item
---
| a | b |
---

### What we `learned`
"""


def test_markdown():
    document = read_markdown(MARKDOWN.encode(), "a.md")
    assert document.text == MARKDOWN.split("---\n", 2)[2]
    assert document.title == "Valve: a review"
    assert document.fields == {
        "title": "Valve: a review",
        "id": "007",
        "date": "2021-03-14",
        "tags": "pump, valve",
        "team": "lead: A. Officer",
    }
    assert [(h.level, h.title) for h in document.headings] == [
        (1, "Not the title"),
        (2, "What happened"),
        (2, "Causes"),
        (3, "The underlying issue"),
        (3, "What we learned"),
    ]
    first = document.headings[1]
    assert document.text[first.start : first.end] == "## What [happened](http://x) ##"


def test_markdown_title_is_the_first_heading_if_it_is_the_outermost():
    assert read_markdown(b"Intro\n\n# Title\n\n# Other", "a.md").title == "Title"
    assert read_markdown(b"## Owner\n\n# Overview", "a.md").title == ""


def test_broken_front_matter_stays():
    text = "---\ntitle: [unclosed\n---\nText\n"
    document = read_markdown(text.encode(), "a.md")
    assert document.text == text
    assert "YAML" in document.warnings[0]
    assert "\n" not in document.warnings[0]


@pytest.mark.parametrize("text", ["---\njust words\n---\nText\n", "---\nno end\n", "text\n---\na: b\n---\n"])
def test_what_is_no_front_matter(text):
    document = read_markdown(text.encode(), "a.md")
    assert (document.text, document.fields, document.warnings) == (text, {}, ())


def test_aliases_do_not_expand():
    levels = "".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]\n" for n in range(1, 12))
    document = read_markdown(f"---\nl0: &l0 [x, y]\n{levels}---\nText\n".encode(), "a.md")
    assert document.fields == {"l0": "x, y"}


def test_fence_ends_with_its_own_mark():
    document = read_markdown(b"~~~~\n```\n# no\n~~~\n# no\n~~~~\n# yes\n", "a.md")
    assert [heading.title for heading in document.headings] == ["yes"]


HTML = """<!doctype html><html><head><title> Pump  review </title><meta name="author" content="A. Officer">
<meta property="article:published_time" content="2021-03-14">
<meta name="author" content="second"><meta name="x" content="y">
<style>p{}</style><script>var x</script></head><body><nav>menu</nav>
<h1>The <em>pump</em><br>failed</h1><p>First&nbsp;line<br>second   line</p>
<div style="display: none">hidden</div><p hidden>hidden</p><span aria-hidden="true">hidden</span><!-- comment -->
<h2>Steps</h2><ul><li>one<ul><li>inner</li></ul></li><li><p>two</p></li><li></li></ul><p>after</p>
<table><tr><th>Time</th><th>Event</th></tr><tr><td>10:00</td><td><p>off</p><p>cold</p></td></tr><tr><td></td><td></td></tr></table>
<table><tr><td><h3>Laid out</h3><p>in a table</p></td></tr></table>
<table><tr><td>single</td></tr><tr><td>column</td></tr></table>
<pre>  keep
    this</pre><footer>foot</footer></body></html>"""


def test_html():
    document = read(Path("a.html"), HTML.encode())
    assert document.text == (
        "The pump failed\n\nFirst line\nsecond line\n\nSteps\n\n- one\n- inner\n- two\n\nafter\n\n"
        "Time | Event\n10:00 | off cold\n\nLaid out\n\nin a table\n\nsingle\n\ncolumn\n\n  keep\n    this"
    )
    assert document.title == "Pump review"
    assert document.fields == {"title": "Pump review", "author": "A. Officer", "date": "2021-03-14"}
    assert [(h.level, h.title) for h in document.headings] == [(1, "The pump failed"), (2, "Steps"), (3, "Laid out")]
    assert all(document.text[h.start : h.end] == h.title for h in document.headings)


def test_html_that_nobody_sees_is_left_out():
    page = b'<p>a<i style="font-size:0">b</i><i style="opacity: 0.0;">c</i><i style="font-size:0.9em">d</i></p>'
    assert read(Path("a.html"), page).text == "ad"


def test_html_declares_its_encoding():
    page = '<meta http-equiv=Content-Type content="text/html; charset=windows-1251"><p>Ёж</p>'.encode("cp1251")
    assert read(Path("a.htm"), page).text == "Ёж"


def test_html_without_title_takes_the_heading():
    assert read(Path("a.html"), b"<h2>Review</h2><p>text").title == "Review"


def test_html_nested_deeper_than_the_stack():
    assert read(Path("a.html"), b"<div>" * 20_000 + b"deep").text == "deep"
