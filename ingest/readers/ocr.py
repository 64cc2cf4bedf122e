"""Pictures of text, read by optical character recognition with RapidOCR (the optional extra `ocr`)."""

from __future__ import annotations

import importlib.util
import io
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from ingest.errors import UnreadableFile
from ingest.model import Document
from ingest.readers.ocr_layout import Cell, Scanned, arranged, upright

if TYPE_CHECKING:
    from PIL.Image import Image

REMEDY = "Install the text recognition, `pip install 'lessons[ocr]'`, and index it again."
PAGE_READ = "lessons.page_read"
"""The audit event raised after each page, by which whoever waits for a long scan learns that it goes on."""

_LONGEST_SIDE = 4000  # pixels; the engine itself works on 2,000
_SURE = 0.75  # mean confidence below which a page may be upside down
_DOUBTFUL = 0.97  # mean confidence below which words are misread: clean pages have 0.99, at 0.96 one word in five is
_THREADS = 2  # readers run beside each other, one for each core
_LOCK = threading.Lock()


def available() -> bool:
    """Whether the extra `ocr` is installed."""
    return all(importlib.util.find_spec(name) for name in ("rapidocr", "onnxruntime"))


def read_image(data: bytes, name: str) -> Document:
    """A picture of text; each frame of one that has several is a page. Raises `UnreadableFile`."""
    if not available():
        raise UnreadableFile("It is a picture, and text in pictures is not read yet.", REMEDY)
    pages = [recognised(frame) for frame in _frames(data)]
    texts = [page.text + "\n" for page in pages]
    empty = [number for number, text in enumerate(texts, 1) if not text.strip()]
    if len(empty) == len(pages):
        raise UnreadableFile("No text was found in the picture.", "If there is some, scan it again at 300 dpi.")
    read = {number: page for number, page in enumerate(pages, 1) if number not in empty}
    starts = [sum(map(len, texts[:number])) for number in range(len(texts))]
    warnings = remarks(read) + ([f"No text was found on page {page_numbers(empty)}."] if empty else [])
    return Document("".join(texts), page_starts=tuple(starts), warnings=tuple(warnings))


def recognised(image: Image) -> Scanned:
    """The text of a picture in any mode, turned upright first if it lies on its side or upside down."""
    image = _on_white(image)
    if image.getcolors(1):
        return Scanned("", (), 0.0)  # one colour: nothing to look for
    cells = _cells(image)
    tried = [cells] if upright(cells) else []
    for angle in _turns(cells):
        tried.append(_cells(image.rotate(angle, expand=True)))
        if _confidence(tried[-1]) >= _SURE:
            break
    cells = max(tried, key=_confidence)
    sys.audit(PAGE_READ)
    return arranged(cells, _confidence(cells))


def _turns(cells: Sequence[Cell]) -> tuple[int, ...]:
    """By how many degrees to turn a page whose text was found so, to read it."""
    if not upright(cells):
        return 90, 270
    return (180,) if cells and _confidence(cells) < _SURE else ()


def remarks(read: Mapping[int, Scanned]) -> list[str]:
    """What a user must know of the pages that were read by OCR, by their numbers."""
    found = []
    if read:
        found.append(f"Pages read by OCR: {page_numbers(list(read))}.")
    if doubtful := [number for number, page in read.items() if page.confidence < _DOUBTFUL]:
        found.append(f"Hard to read, so words may be wrong: page {page_numbers(doubtful)}.")
    return found


def page_numbers(pages: Sequence[int]) -> str:
    """Page numbers for a message, runs as `3–7`."""
    edges = [page for page, after in pairwise([*pages, pages[-1] + 2]) if after != page + 1]
    opens = [page for before, page in pairwise([pages[0] - 2, *pages]) if page != before + 1]
    return ", ".join(
        str(first) if first == last else f"{first}–{last}" for first, last in zip(opens, edges, strict=True)
    )


def _frames(data: bytes) -> Iterator[Image]:
    from PIL import Image, ImageOps, ImageSequence, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(data)) as picture:
            for frame in ImageSequence.Iterator(picture):
                yield ImageOps.exif_transpose(frame)
    except Image.DecompressionBombError as error:
        raise UnreadableFile(
            "The picture has too many pixels.", "Save it smaller; 300 dpi are enough for text."
        ) from error
    except (UnidentifiedImageError, OSError, SyntaxError) as error:
        raise UnreadableFile(
            f"The picture is damaged or none ({error}).", "Open it in the program it was made with and save it again."
        ) from error


def _on_white(image: Image) -> Image:
    """In colours, what is transparent as white, and no larger than is of use."""
    from PIL import Image as Images

    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Images.new("RGBA", image.size, "white")
        image = Images.alpha_composite(white, image)
    image = image.convert("RGB")
    image.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE))
    return image


def _cells(image: Image) -> list[Cell]:
    """The pieces of text the engine finds, none left out for being doubtful."""
    import numpy as np

    with _LOCK:
        found = _engine()(np.asarray(image)[:, :, ::-1])
    if found.boxes is None:
        return []
    return [
        Cell([(float(x), float(y)) for x, y in corners], text.strip(), float(score))
        for corners, text, score in zip(found.boxes, found.txts, found.scores, strict=True)
        if text.strip()
    ]


def _confidence(cells: Sequence[Cell]) -> float:
    """The mean over all characters."""
    return sum(cell.score * len(cell.text) for cell in cells) / max(1, sum(len(cell.text) for cell in cells))


@cache
def _engine() -> Any:
    """The engine of this process. Its models lie in its package, so that nothing is fetched."""
    from rapidocr import RapidOCR

    return RapidOCR(
        params={
            "Global.log_level": "critical",
            "Global.text_score": 0.0,
            "Global.use_cls": False,  # it turns lines one by one, also some that are upright
            "EngineConfig.onnxruntime.intra_op_num_threads": _THREADS,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        }
    )
