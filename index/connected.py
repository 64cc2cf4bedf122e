"""What is linked, directly or through others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from typing import TypeVar

Node = TypeVar("Node", bound=Hashable)


def connected(starts: Iterable[Node], near: Callable[[Node], Iterable[Node]]) -> list[list[Node]]:
    """The group of each start that is in no earlier one: it, and all that is reached from it, the nearest first."""
    seen: set[Node] = set()
    groups = []
    for start in starts:
        if start in seen:
            continue
        group = [start]
        seen.add(start)
        for one in group:  # it grows meanwhile
            for other in near(one):
                if other not in seen:
                    seen.add(other)
                    group.append(other)
        groups.append(group)
    return groups


def connected_by(pairs: Iterable[tuple[Node, Node]]) -> list[list[Node]]:
    """The groups that pairs make."""
    near: defaultdict[Node, list[Node]] = defaultdict(list)
    for one, other in pairs:
        near[one].append(other)
        near[other].append(one)
    return connected(list(near), near.__getitem__)
