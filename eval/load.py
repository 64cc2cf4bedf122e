"""Load: some people who ask the web page at the same time, read, open sources and browse, while a folder is indexed.

Each person keeps to what a browser does: one visit with its own cookies, a question sent as an event of the page and
its answer read as it streams, a pause to read it. Only addresses of this machine are loaded.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import secrets
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import unescape
from ipaddress import ip_address
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

import httpx
import numpy as np

from ingest.errors import ServerError, UsageError

LONGEST_WAIT = 120.0  # seconds for an answer; later counts as an error
MOST_PAGES, PAGE = 40, 25  # of the Library page that titles are taken from, and the records on each
RAMP = 5.0  # seconds within which all people arrive
_CONFIG = re.compile(r"window\.gradio_config = (\{.*?\});</script>", re.S)
_CLAIM, _FAILED = 'class=\\"claim\\"', 'class=\\"problem\\"'  # as JSON has them
_SOURCE = re.compile(r'data-source=\\"(\d+)\\" data-start=\\"(\d+)\\" data-end=\\"(\d+)\\"')
_TITLE = re.compile(r"""<p class="title"[^>]*><a [^>]*>([^<]+)</a>""")
_TOTAL = re.compile(r'class="soft">[^<]*?([\d.,\u202f\u00a0’]+)</span>')
_PAGES = ("/parts/library", "/parts/library?outcome=failure", "/parts/health", "/parts/contribute", "/parts/recent")


@dataclass(slots=True)
class Load:
    """What was measured, in milliseconds: to the first sentence or verdict, to the whole answer, and to other pages."""

    people: int
    seconds: float
    questions: int = 0
    first: list[float] = field(default_factory=list)
    whole: list[float] = field(default_factory=list)
    pages: list[float] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)
    indexed: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """`p50` and `p95` of each; None where nothing came."""
        return {
            "people": self.people,
            "seconds": round(self.seconds, 1),
            "questions": self.questions,
            "errors": dict(self.errors),
            "first_ms": _quantiles(self.first),
            "answer_ms": _quantiles(self.whole),
            "page_ms": _quantiles(self.pages),
            "indexed": self.indexed,
        }


def load(address: str, questions: Sequence[str], people: int, seconds: float, pause: float, folder: str = "") -> Load:
    """So many people ask for so long, each pausing `pause` seconds on average; meanwhile `folder` is indexed, if given.

    `{title}` in a question is the title of any record of the Library page, so that few questions are asked twice.
    Raises `UsageError` for an address of another machine, `ServerError` if nothing answers there.
    """
    host = urlsplit(address).hostname or ""
    if host != "localhost" and not (_is_address(host) and ip_address(host).is_loopback):
        raise UsageError(f"{address} is not this machine.", "Start a server here, and give its address.")
    try:
        return asyncio.run(_run(address, questions, people, seconds, pause, folder))
    except httpx.TransportError as error:
        raise ServerError(f"Nothing answers at {address}: {error}.", "Start it with: lessons serve") from error


async def _run(address: str, questions: Sequence[str], people: int, seconds: float, pause: float, folder: str) -> Load:
    measured = Load(people, seconds)
    async with httpx.AsyncClient(base_url=address, timeout=LONGEST_WAIT, headers=_SAME) as client:
        page = await client.get("/", headers=_HTML)
        page.raise_for_status()
        (found,) = _CONFIG.findall(page.text)
        asks = next(
            each for each in json.loads(found)["dependencies"] if each["targets"] and each["targets"][0][1] == "submit"
        )
        if folder:
            started = await client.post("/parts/index", data={"folder": folder})
            if started.status_code != 200:
                raise UsageError(f"The folder is not indexed: {started.text}", "Name a folder of this machine.")
        titles = await _titles(client)
        until = monotonic() + seconds
        await asyncio.gather(
            *(
                _person(address, asks, random.Random(number), questions, titles, until, pause, measured)  # noqa: S311
                for number in range(people)
            )
        )
        if folder:
            measured.indexed = _progress((await client.get("/parts/job")).text)
            await client.post("/parts/job/cancel")
    return measured


async def _titles(client: httpx.AsyncClient) -> list[str]:
    """Titles of records from all over the library."""
    first = (await client.get("/parts/library")).text
    total = int(re.sub(r"\D", "", found[1])) if (found := _TOTAL.search(first)) else 0
    places = range(0, max(1, total), max(PAGE, total // MOST_PAGES))
    others = [(await client.get("/parts/library", params={"at": at})).text for at in places[1:]]
    return [unescape(title) for page in (first, *others) for title in _TITLE.findall(page)] or ["records"]


async def _person(
    address: str,
    asks: dict[str, Any],
    dice: random.Random,
    questions: Sequence[str],
    titles: Sequence[str],
    until: float,
    pause: float,
    measured: Load,
) -> None:
    """One person's visit: it ends with the answer that is being read when the time is over."""
    await asyncio.sleep(dice.uniform(0, RAMP))
    async with httpx.AsyncClient(base_url=address, timeout=LONGEST_WAIT, headers=_SAME) as client:
        await _timed(client, "/", measured, headers=_HTML)
        session = secrets.token_hex(6)
        while monotonic() < until:
            question = dice.choice(questions).replace("{title}", dice.choice(titles))
            said = await _ask(client, asks, session, question, measured)
            for source, start, end in (
                dice.sample(found, min(2, len(found))) if (found := _SOURCE.findall(said)) else ()
            ):
                await _timed(client, f"/documents/{source}/text?start={start}&end={end}", measured)
            await _timed(client, dice.choice(_PAGES), measured)
            await asyncio.sleep(min(dice.expovariate(1 / pause), 4 * pause))


async def _ask(client: httpx.AsyncClient, asks: dict[str, Any], session: str, question: str, measured: Load) -> str:
    """Send a question as the page does and read its answer; returns all that came."""
    body = {
        "data": [None] * len(asks["inputs"]), "event_data": {"question": question}, "fn_index": asks["id"],
        "trigger_id": asks["targets"][0][0], "session_hash": session,
    }  # fmt: skip
    measured.questions += 1
    started, first, said = monotonic(), 0.0, ""
    try:
        joined = await client.post("/gradio_api/queue/join", json=body)
        if joined.status_code != 200:
            measured.errors[f"{joined.status_code} on asking"] += 1
            return ""
        async with client.stream("GET", "/gradio_api/queue/data", params={"session_hash": session}) as answer:
            async for line in answer.aiter_lines():
                said += line
                if not first and (_has_claim(line) or '"process_completed"' in line):
                    first = monotonic()
                if '"process_completed"' in line:
                    break
    except httpx.HTTPError as error:
        measured.errors[type(error).__name__] += 1
        return ""
    if not first or _FAILED in said:
        measured.errors["no answer"] += 1
        return ""
    measured.first.append(1000 * (first - started))
    measured.whole.append(1000 * (monotonic() - started))
    return said


def _has_claim(line: str) -> bool:
    """Whether a message of the stream shows a sentence of the answer; those of earlier answers are in another box."""
    if _CLAIM not in line:
        return False
    boxes = json.loads(line.removeprefix("data:"))["output"]["data"]
    return _CLAIM in json.dumps(boxes[1])


async def _timed(client: httpx.AsyncClient, path: str, measured: Load, headers: dict[str, str] | None = None) -> None:
    started = monotonic()
    try:
        answer = await client.get(path, headers=headers)
    except httpx.HTTPError as error:
        measured.errors[type(error).__name__] += 1
        return
    if answer.status_code != 200:
        measured.errors[f"{answer.status_code} on a page"] += 1
    else:
        measured.pages.append(1000 * (monotonic() - started))


def _progress(html: str) -> dict[str, Any]:
    """What the page says of the job: its state, and the figures in words."""
    text = " ".join(re.sub(r"<[^>]+>", " ", html).split())
    state = re.search(r'class="job (\w+)"', html)
    return {"state": state[1] if state else "none", "said": text[:200]}


def _quantiles(values: Sequence[float]) -> dict[str, float | None]:
    if not values:
        return {"p50": None, "p95": None}
    p50, p95 = np.percentile(values, [50, 95])
    return {"p50": round(float(p50), 1), "p95": round(float(p95), 1)}


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


_SAME = {"Sec-Fetch-Site": "same-origin"}
_HTML = {"Accept": "text/html"}
