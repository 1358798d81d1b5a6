"""Which lots are alike: a tree parts its rows, and what is read from its leaves is what counting gives."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from queries.forecast.trees import BINS, OUT_BINS, add_likeness, add_outcomes, grow, leaf_of

if TYPE_CHECKING:
    from queries.forecast.trees import Tree

SMALLEST = 4
seeds = pytest.mark.parametrize("seed", range(5))


def grown(values: np.ndarray, targets: np.ndarray, seed: int, smallest: int = SMALLEST) -> tuple[Tree, np.ndarray]:
    return grow(values.T.copy(), targets, smallest, values.shape[1], np.random.default_rng(seed))


def random_lots(seed: int, count: int = 80) -> tuple[np.ndarray, np.ndarray]:
    """Traits, two of them with many ties, and outcomes of which a quarter are nil."""
    rng = np.random.default_rng(seed)
    values = np.column_stack([rng.random((count, 3)), rng.integers(0, 3, (count, 2))])
    return values, np.where(rng.random(count) < 0.25, 0, rng.random(count))


def leaves(tree: Tree) -> list[int]:
    return [node for node in range(len(tree.trait)) if tree.trait[node] == -1]


def together(tree: Tree, values: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """Which rows fall into the same leaf as the lot asked about."""
    return np.array([leaf_of(tree, row) for row in values]) == leaf_of(tree, asked)


@seeds
def test_the_leaves_part_the_rows_and_each_row_falls_into_its_own(seed: int) -> None:
    values, outcomes = random_lots(seed)
    tree, rows = grown(values, outcomes[:, None], seed)

    assert sorted(rows) == list(range(len(values)))
    spans = sorted((int(tree.begins[leaf]), int(tree.ends[leaf])) for leaf in leaves(tree))
    assert [span[0] for span in spans] == [0, *(span[1] for span in spans[:-1])]
    assert spans[-1][1] == len(values)
    assert min(end - begin for begin, end in spans) >= SMALLEST
    assert len(spans) > 5
    for leaf in leaves(tree):
        assert {leaf_of(tree, values[row]) for row in rows[tree.begins[leaf] : tree.ends[leaf]]} == {leaf}


@seeds
def test_a_trait_that_tells_outcomes_apart_is_cut_first_and_is_enough(seed: int) -> None:
    values, _ = random_lots(seed)
    outcomes = (values[:, 1] > 0.5).astype(float)
    values = np.column_stack([values, outcomes])

    tree, rows = grown(values, outcomes[:, None], seed)

    assert tree.trait.tolist() == [values.shape[1] - 1, -1, -1]
    assert [set(outcomes[rows[tree.begins[leaf] : tree.ends[leaf]]]) for leaf in leaves(tree)] == [{0}, {1}]


def test_lots_that_look_the_same_or_end_the_same_are_not_parted() -> None:
    values, outcomes = random_lots(0)

    assert leaves(grown(np.ones_like(values), outcomes[:, None], 0)[0]) == [0]
    assert leaves(grown(values, np.ones((len(values), 1)), 0)[0]) == [0]


def test_fewer_rows_than_two_leaves_are_one_leaf() -> None:
    values, outcomes = random_lots(0, count=2 * SMALLEST - 1)

    assert leaves(grown(values, outcomes[:, None], 0)[0]) == [0]


@seeds
def test_likeness_is_how_often_lots_share_a_leaf_and_sums_to_the_number_of_trees(seed: int) -> None:
    values, outcomes = random_lots(seed)
    asked = random_lots(seed + 100, count=1)[0][0]
    likeness, counted = np.zeros(len(values)), np.zeros(len(values))

    for turn in range(10):
        tree, rows = grown(values, outcomes[:, None], turn)
        add_likeness(tree, rows, asked, likeness)
        alike = together(tree, values, asked)
        counted += alike / alike.sum()

    assert likeness == pytest.approx(counted)
    assert likeness.sum() == pytest.approx(10)


@seeds
def test_what_may_come_is_what_became_of_the_leafs_lots(seed: int) -> None:
    values, outcomes = random_lots(seed)
    out_at = np.where(outcomes > 0, 2, np.random.default_rng(seed).random(len(outcomes)))
    asked = random_lots(seed + 100, count=6)[0]
    tree, rows = grown(values, outcomes[:, None], seed)
    counts, means, outs = np.zeros((6, BINS)), np.zeros(6), np.zeros((6, OUT_BINS))

    add_outcomes(tree, rows, outcomes, out_at, asked, counts, means, outs)

    for place, one in enumerate(asked):
        alike = together(tree, values, one)
        bins = np.round(outcomes[alike] * 100).astype(int)
        ran_out = np.round(out_at[alike & (outcomes == 0)] * 20).astype(int)
        assert means[place] == pytest.approx(outcomes[alike].mean())
        assert counts[place] == pytest.approx(np.bincount(bins, minlength=BINS) / alike.sum())
        assert outs[place] == pytest.approx(np.bincount(ran_out, minlength=OUT_BINS) / alike.sum())
