"""Changes a library at random, is killed while it does, and looks at what is left; run by `test_crash.py`.

A clean process forks each child, so that none pays for the imports: python -m tests.index.crashing FOLDER KILLS SEED
"""

import json
import os
import random
import signal
import sys
import time
from pathlib import Path

import index.local.base
import index.local.engine
from index.library import Library
from index.maintenance import compact, faults
from index.reindex import reindex
from tests.fakes import HashEmbedder, prepared

index.local.engine.LEAST_STALE = 20
index.local.base.EXACT_MOST = 60
NAMES = ("fake:hash", "fake:other")
DOCUMENTS = 40


def embedder(name):
    return HashEmbedder(name, dimension=32)


def serving(folder):
    """The library, whatever embedder it has now."""
    with Library.open(folder, embedder=embedder(NAMES[0])) as library:
        name = library.manifest.embedder
    return Library.open(folder, embedder=embedder(name))


def text_of(number, version):
    """Three passages, of which one word is of this version only."""
    parts = [f"## Part {part}\n\nWord{number}v{version} " + f"pump{part} " * 45 for part in range(3)]
    return f"# Note {number}\n\n" + "\n\n".join(parts)


def content(library):
    """The text of each living document, by number."""
    sources = library.catalogue.rows("SELECT path, text FROM sources WHERE archived = 0")
    return {row["path"].split("/")[-1].removesuffix(".md"): row["text"].split("Word")[1].split()[0] for row in sources}


def work(folder, log, seed):
    """Change after change until killed; `log` has a line with the content before and after each."""
    chance = random.Random(seed)
    library = serving(folder)
    while True:
        before = content(library)
        numbers = chance.sample(range(DOCUMENTS), chance.randint(1, 6))
        change = chance.choices(["add", "remove", "reindex", "compact"], [3, 5, 3, 3])[0]
        after = dict(before)
        versions = {number: chance.randrange(10**6) for number in numbers}
        if change == "add":
            after |= {str(number): f"{number}v{version}" for number, version in versions.items()}
        elif change == "remove":
            after = {name: word for name, word in before.items() if int(name) not in numbers}
        notes = [prepared(library, f"{number}.md", text_of(number, each)) for number, each in versions.items()]
        log.with_suffix(".new").write_text(json.dumps([change, before, after]))
        log.with_suffix(".new").replace(log)
        if change == "add":
            library.add(notes)
        elif change == "remove":
            library.remove([f"/documents/{number}.md" for number in numbers])
        elif change == "reindex":
            name = NAMES[library.manifest.embedder == NAMES[0]]
            reindex(library, name, embedder=embedder(name))
            library.close()
            library = serving(folder)
        else:
            compact(library)


def look(folder, log):
    """What is wrong with what a killed child left."""
    change, before, after = json.loads(log.read_text())
    with serving(folder) as library:
        now = content(library)
        if now not in (before, after):
            return f"{change}: {now} is neither {before} nor {after}"
        if found := faults(library):
            return f"{change}: {found}"
        for number, word in now.items():
            for mode in ("lexical", "dense"):
                hits = library.search(f"word{word}", 3, mode=mode, filters={"source": f"/{number}.md"}).hits
                if {hit.source for hit in hits} != {f"/documents/{number}.md"}:
                    return f"{change}: {word} is not found ({mode})"
        for number, word in before.items():
            if now.get(number) != word and library.search(f"word{word}", 3, mode="lexical").hits:
                return f"{change}: {word} is still found"
    return ""


def forked(task):
    child = os.fork()
    if child:
        return child
    try:
        task()
    except BaseException as error:  # noqa: BLE001 - a forked child must not return
        print(f"{type(error).__name__}: {error}", flush=True)
        os._exit(1)
    os._exit(0)


def main(folder, kills, seed):
    log, chance = folder.with_suffix(".log"), random.Random(seed)
    done = dict.fromkeys(("add", "remove", "reindex", "compact"), 0)

    def make():
        with Library.open(folder, embedder=embedder(NAMES[0]), create=True):
            pass

    def check():
        if wrong := look(folder, log):
            print(wrong, flush=True)
            os._exit(1)

    if os.waitpid(forked(make), 0)[1]:
        return 1
    for number in range(kills):
        log.unlink(missing_ok=True)
        child = forked(lambda number=number: work(folder, log, seed * 1000 + number))
        while not log.exists():
            time.sleep(0.001)
        time.sleep(chance.uniform(0, 0.25))
        os.kill(child, signal.SIGKILL)
        if os.waitpid(child, 0)[1] != signal.SIGKILL:
            return 1
        done[json.loads(log.read_text())[0]] += 1
        if os.waitpid(forked(check), 0)[1]:
            print(f"after kill {number}", flush=True)
            return 1
    print(json.dumps(done))
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
