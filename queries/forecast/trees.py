"""Which ended lots are alike: extremely randomized trees (Geurts, Ernst and Wehenkel 2006), compiled.

A tree parts the ended lots by cuts drawn at random and kept where they tell outcomes apart; lots that end in the same
leaf are alike. What became of a leaf's lots, over all trees, is a distribution of outcomes (Meinshausen 2006: quantile
regression forests), and how often two lots share a leaf is how much one says about the other (Lin and Jeon 2006).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from queries.forecast.known import Integers, Numbers
    from queries.forecast.traits import Matrix

#: Outcomes are counted in this many bins: the first is nothing left, the last all that remained.
BINS: Final = 101
#: Days to running out, as shares of the time left, in this many bins.
OUT_BINS: Final = 21
_LEAF: Final = -1


class Tree(NamedTuple):
    """Nodes in the order they were made; a child's number is its parent's `left`, or one more."""

    trait: np.ndarray
    cut: Numbers
    left: Integers
    begins: Integers
    ends: Integers


@njit(cache=True, nogil=True)
def grow(
    values: Matrix, targets: Matrix, smallest: int, tries: int, random: np.random.Generator
) -> tuple[Tree, Integers]:
    """Grow one tree; its rows come back in the order of the leaves.

    Args:
        values: (traits, ended lots): a row per trait, so that a cut reads memory in one piece.
        targets: (ended lots, targets): what a cut should tell apart; variances are added over the columns.
        smallest: fewest rows in a leaf.
        tries: traits tried per cut.
        random: draws the cuts.
    """
    count = values.shape[1]
    rows = np.arange(count)
    most = 2 * (count // smallest) + 3
    trait = np.full(most, _LEAF, np.int32)
    cut = np.zeros(most)
    left, begins, ends = np.zeros(most, np.int64), np.zeros(most, np.int64), np.zeros(most, np.int64)
    ends[0] = count
    nodes, waiting = 1, [0]
    order = np.arange(values.shape[0])
    while len(waiting) > 0:
        node = waiting.pop()
        if ends[node] - begins[node] < 2 * smallest:
            continue
        here = rows[begins[node] : ends[node]]
        trait[node], cut[node] = _best_cut(values, targets, here, order, smallest, tries, random)
        if trait[node] == _LEAF:
            continue
        middle = begins[node] + _part(values[trait[node]], cut[node], here)
        left[node] = nodes
        begins[nodes], ends[nodes] = begins[node], middle
        begins[nodes + 1], ends[nodes + 1] = middle, ends[node]
        waiting.append(nodes)
        waiting.append(nodes + 1)
        nodes += 2
    return Tree(trait[:nodes], cut[:nodes], left[:nodes], begins[:nodes], ends[:nodes]), rows


@njit(cache=True, nogil=True)
def _best_cut(
    values: Matrix,
    targets: Matrix,
    rows: Integers,
    order: Integers,
    smallest: int,
    tries: int,
    random: np.random.Generator,
) -> tuple[int, float]:
    """Of cuts at random through traits at random, the one that explains most of the targets' variance."""
    total = _sums(targets, rows)
    best, best_trait, best_cut, tried = 1e-12, _LEAF, 0.0, 0
    for turn in range(len(order)):
        swap = turn + random.integers(0, len(order) - turn)
        order[turn], order[swap] = order[swap], order[turn]
        column = values[order[turn]]
        low, high = _range(column, rows)
        if high <= low:
            continue
        tried += 1
        at = low + random.random() * (high - low)
        told = _told(column, targets, rows, at, total, smallest)
        if told > best:
            best, best_trait, best_cut = told, order[turn], at
        if tried >= tries:
            break
    return best_trait, best_cut


@njit(cache=True, nogil=True)
def _sums(targets: Matrix, rows: Integers) -> Numbers:
    sums = np.zeros(targets.shape[1])
    for row in rows:
        for column in range(targets.shape[1]):
            sums[column] += targets[row, column]
    return sums


@njit(cache=True, nogil=True)
def _range(values: Numbers, rows: Integers) -> tuple[float, float]:
    low = high = values[rows[0]]
    for row in rows:
        low, high = min(low, values[row]), max(high, values[row])
    return low, high


@njit(cache=True, nogil=True)
def _told(values: Numbers, targets: Matrix, rows: Integers, cut: float, total: Numbers, smallest: int) -> float:
    """Sum of squares that a cut explains; nil where a side would be too small."""
    below = np.zeros(targets.shape[1])
    under = 0
    for row in rows:
        if values[row] <= cut:
            under += 1
            for column in range(targets.shape[1]):
                below[column] += targets[row, column]
    over = len(rows) - under
    if under < smallest or over < smallest:
        return 0.0
    told = 0.0
    for column in range(targets.shape[1]):
        told += below[column] ** 2 / under + (total[column] - below[column]) ** 2 / over
        told -= total[column] ** 2 / len(rows)
    return told


@njit(cache=True, nogil=True)
def _part(values: Numbers, cut: float, rows: Integers) -> int:
    """Put the rows at or below the cut before the others, each in their order; how many there are."""
    above = np.empty(len(rows), np.int64)
    kept, put = 0, 0
    for row in rows:
        if values[row] <= cut:
            rows[kept] = row
            kept += 1
        else:
            above[put] = row
            put += 1
    rows[kept:] = above[:put]
    return kept


@njit(cache=True, nogil=True)
def leaf_of(tree: Tree, traits: Numbers) -> int:
    """The leaf a lot falls into."""
    node = 0
    while tree.trait[node] != _LEAF:
        node = tree.left[node] + (traits[tree.trait[node]] > tree.cut[node])
    return node


@njit(cache=True, nogil=True)
def add_outcomes(
    tree: Tree,
    rows: Integers,
    outcomes: Numbers,
    out_at: Numbers,
    asked: Matrix,
    counts: Matrix,
    means: Numbers,
    outs: Matrix,
) -> None:
    """Add to each asked lot's distribution what became of the ended lots in its leaf, a weight of one in all.

    Args:
        tree: a grown tree.
        rows: its rows, in the order of the leaves.
        outcomes: share of what remained that was left in the end, per ended lot.
        out_at: share of the time left after which the ended lot had run out; above 1 = it did not.
        asked: traits of the lots asked about.
        counts: weight per bin of outcomes, (asked, BINS); added to in place.
        means: weighted outcomes, (asked,); added to in place.
        outs: weight per bin of days to running out, (asked, OUT_BINS); added to in place.
    """
    for lot in range(len(asked)):
        leaf = leaf_of(tree, asked[lot])
        weight = 1.0 / (tree.ends[leaf] - tree.begins[leaf])
        for place in range(tree.begins[leaf], tree.ends[leaf]):
            row = rows[place]
            counts[lot, round(outcomes[row] * (BINS - 1))] += weight
            means[lot] += outcomes[row] * weight
            if out_at[row] <= 1:
                outs[lot, round(out_at[row] * (OUT_BINS - 1))] += weight


@njit(cache=True, nogil=True)
def add_likeness(tree: Tree, rows: Integers, traits: Numbers, likeness: Numbers) -> None:
    """Add to each ended lot's likeness its share of the leaf that one lot falls into."""
    leaf = leaf_of(tree, traits)
    weight = 1.0 / (tree.ends[leaf] - tree.begins[leaf])
    for place in range(tree.begins[leaf], tree.ends[leaf]):
        likeness[rows[place]] += weight
