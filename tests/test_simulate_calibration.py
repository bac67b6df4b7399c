"""A simulated district of 1,000 schools looks like the published figures, and each figure says where it is from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from simulate_figures import figures

from leadlib import simulate as sim
from leadlib.simulate.streams import Streams, spread_over
from leadlib.simulate.timetable import portion

FILE = Path(sim.__file__).with_name("calibration.json")
TARGETS: list[dict[str, Any]] = json.loads(FILE.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def simulated() -> dict[str, float]:
    return figures(sim.simulate(1000, 8, seed=3))


@pytest.mark.parametrize("target", TARGETS, ids=lambda t: str(t["figure"]))
def test_a_figure_is_near_the_published_one(target: dict[str, Any], simulated: dict[str, float]) -> None:
    assert simulated[target["figure"]] == pytest.approx(target["value"], abs=target["tolerance"])


def test_each_target_says_where_it_is_from_and_whether_that_was_checked() -> None:
    for target in TARGETS:
        assert set(target) == {"figure", "what", "value", "tolerance", "source", "verified"}
        assert target["source"] and target["what"]
        assert isinstance(target["verified"], bool)
        assert target["verified"] != ("as remembered" in target["source"] or target["source"].startswith("own"))


def test_leadership_and_scores_go_together_mostly_because_of_need(simulated: dict[str, float]) -> None:
    assert simulated["leadership_reading_raw_r"] > 0.2
    assert abs(simulated["leadership_reading_given_need_sd"]) < 0.1


def test_streams_by_name_do_not_move_one_another() -> None:
    one, two = Streams(1).of("a").normal(size=3), Streams(1).of("b").normal(size=3)
    assert not np.allclose(one, two)
    np.testing.assert_array_equal(one, Streams(1).of("a").normal(size=3))
    assert not np.allclose(one, Streams(2).of("a").normal(size=3))


def test_whole_numbers_are_split_without_loss() -> None:
    rng = Streams(1).of("test")
    total = rng.integers(0, 500, 200)
    parts = spread_over(total, rng.random((200, 7)) + 0.01)
    assert (parts.sum(axis=1) == total).all() and (parts >= 0).all()
    assert spread_over(np.array([10]), np.array([[1.0, 1.0, 2.0]])).tolist() in ([[3, 2, 5]], [[2, 3, 5]])
    group = np.repeat(np.arange(200), rng.integers(1, 6, 200))
    shares = portion(total, group, rng.random(len(group)) + 0.01)
    assert (np.bincount(group, shares) == total).all()
