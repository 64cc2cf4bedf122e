"""Vectors of short texts that come again and again: sentences of the records that are asked for most."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence

import numpy as np

from index.encoder import Vectors


class Memory:
    """The vectors of the last `most` texts, shape (dimension,) each. May be used from several threads."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._known: OrderedDict[str, Vectors] = OrderedDict()
        self._lock = threading.Lock()

    def vectors(self, texts: Sequence[str], make: Callable[[Sequence[str]], Vectors]) -> Vectors:
        """The vectors of the texts, shape (n, dimension); those that are not known any more are made."""
        wanted = dict.fromkeys(texts)
        with self._lock:
            found = {text: self._known[text] for text in wanted if text in self._known}
        missing = [text for text in wanted if text not in found]
        made = make(missing)
        found.update(zip(missing, map(np.array, made), strict=True))  # not a view, which would keep all of them
        with self._lock:
            for text in wanted:
                self._known[text] = found[text]
                self._known.move_to_end(text)
            while len(self._known) > self._most:
                self._known.popitem(last=False)
        return np.stack([found[text] for text in texts]) if texts else made
