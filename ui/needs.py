"""Where the questions of who may see everything are kept: who runs the program, and who signs in with all labels."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from assistant.needs import Needs, needs_of
from index.scope import labels_in

if TYPE_CHECKING:
    from index.library import Library
    from ui.settings import Settings


def own_needs(library: Library, settings: Settings) -> Needs | None:
    """They are kept with all labels that records carry, for others may not see what such a question speaks of."""
    carried = partial(labels_in, library, settings.serve.collections, settings.serve.open_labels)
    return needs_of(library, settings.assistant, carried=carried)
