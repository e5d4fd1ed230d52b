"""Ranks of pixels that are neither of their candidates: halved until one is left.

The ranks are the leaves of a binary tree, whose nodes are numbered as a heap's: 1 is the root, the
children of k are 2 k and 2 k + 1. Some levels are predicted at once, all nodes that may be met.
"""

from collections.abc import Iterator

import numpy as np

from pillow_colorgrid.codings.bits import Code
from pillow_colorgrid.codings.indexed.model import KINDS, NUMBER, SETS_EACH, Model

ONCE = 3
"""So many levels are predicted at once, at most."""

FIRST_NUMBER = 2
"""Decisions are numbered by the node, from here on."""

SET = SETS_EACH * (KINDS - 1)
"""The first set of weights of these decisions, which are the last kind."""


class Levels:
    """Levels that are predicted at once, below nodes of one level.

    Args:
        count: how many these are.
        below: how many are below.
    """

    def __init__(self, count: int, below: int) -> None:
        self.count, self.below = count, below
        depth = np.repeat(np.arange(count), 1 << np.arange(count))[:, None]
        self.shift, self.add = depth, np.arange((1 << count) - 1)[:, None] + 1 - (1 << depth)
        self.leaf_shift = below + count - 1 - depth


class Tree:
    """Of so many ranks."""

    def __init__(self, values: int) -> None:
        self.depth = (values - 1).bit_length()
        self.leaves = np.zeros(2 << self.depth, np.int64)
        self.leaves[1 << self.depth :][:values] = 1
        for node in range((1 << self.depth) - 1, 0, -1):
            self.leaves[node] = self.leaves[2 * node] + self.leaves[2 * node + 1]
        self.steps = list(self._steps())

    def asks(self, nodes: np.ndarray, denied: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Whether nodes (m, n) can only go on above; whether they can go either way.

        Args:
            denied: (2, m, n): which of the nodes' children have leaves that are denied.
        """
        below = nodes << 1
        lower = self.leaves.take(below) > (denied == below).sum(0)
        below += 1
        upper = self.leaves.take(below) > (denied == below).sum(0)
        return ~lower, lower & upper

    def _steps(self) -> Iterator[Levels]:
        rounds, above = -(-self.depth // ONCE), 0
        for left in range(rounds, 0, -1):
            count = -(-(self.depth - above) // left)
            yield Levels(count, self.depth - above - count)
            above += count


def find(
    tree: Tree, model: Model, code: Code, contexts: np.ndarray, denied: np.ndarray
) -> np.ndarray:
    """The numbers of pixels, as a stream tells them: (n,) int64.

    Args:
        contexts: (CONTEXTS, n).
        denied: (2, n) numbers that the pixels do not have; below 1 where there is none.
    """
    count, leaf = contexts.shape[1], 1 << tree.depth
    columns, nodes = np.arange(count), np.ones(count, np.int64)
    gone = (denied.astype(np.int64) + (leaf - 1))[:, None]
    for levels in tree.steps:
        met = (nodes << levels.shift) + levels.add
        forced, open_ = (found.reshape(-1) for found in tree.asks(met, gone >> levels.leaf_shift))
        told = model.predict(contexts[:, None], numbered(met), SET)
        inside = np.zeros(count, np.int64)  # the node's place among those of `met`
        chosen, answers = [], []
        for _ in range(levels.count):
            here = inside * count + columns
            bits = forced.take(here).astype(np.int64)
            asked = open_.take(here).nonzero()[0]
            if len(asked):
                here = here.take(asked)
                answer = code(told.likely.take(here), None)
                bits[asked] = answer
                chosen.append(here)
                answers.append(answer)
            inside = 2 * inside + 1 + bits
        nodes = (nodes << levels.count) + inside - ((1 << levels.count) - 1)
        if chosen:
            model.remember(told.only(np.concatenate(chosen)), np.concatenate(answers))
    found: np.ndarray = nodes - (leaf - 1)
    return found


def tell(
    tree: Tree,
    model: Model,
    code: Code,
    contexts: np.ndarray,
    denied: np.ndarray,
    known: np.ndarray,
) -> None:
    """The inverse: codes numbers (n,) that are `known`; all levels are predicted at once."""
    count, leaf = contexts.shape[1], 1 << tree.depth
    gone = (denied.astype(np.int64) + (leaf - 1))[:, None]
    level = np.arange(tree.depth)[::-1, None]
    leaves = known.astype(np.int64) + (leaf - 1)
    met = leaves >> level + 1
    _, open_ = tree.asks(met, gone >> level)
    asked = open_.reshape(-1).nonzero()[0]
    if not len(asked):
        return
    of_asked = contexts.take(asked % count, axis=1)
    told = model.predict(of_asked, numbered(met).take(asked), SET)
    bits = (leaves >> level & 1).take(asked)
    code(told.likely, bits)
    model.remember(told, bits)


def numbered(nodes: np.ndarray) -> np.ndarray:
    """The numbers of their decisions, times NUMBER: uint32."""
    found: np.ndarray = (nodes + FIRST_NUMBER).astype(np.uint32) * NUMBER
    return found
