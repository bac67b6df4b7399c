"""Chance for the simulated district: one seed, and a stream of its own for each thing that is drawn."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Streams:
    """Random streams by name: what one table draws does not move what another draws."""

    seed: int

    def of(self, name: str) -> np.random.Generator:
        """Start the stream of this name; the same seed and name give the same numbers anywhere."""
        child = np.random.SeedSequence(entropy=self.seed, spawn_key=(zlib.crc32(name.encode("utf-8")),))
        return np.random.Generator(np.random.PCG64(child))


def logistic(x: np.ndarray) -> np.ndarray:
    """Turn log odds into a share."""
    shares: np.ndarray = 1.0 / (1.0 + np.exp(-x))
    return shares


def standard(x: np.ndarray) -> np.ndarray:
    """Centre on the mean and divide by the standard deviation; all zeros where nothing varies."""
    spread = float(np.std(x))
    centred: np.ndarray = x - np.mean(x)
    return centred / spread if spread > 0 else centred


def spread_over(total: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Split whole numbers over columns by weight so that each row adds up exactly (largest remainders)."""
    total = np.asarray(total, dtype=np.int64)
    share = weights / np.maximum(weights.sum(axis=1, keepdims=True), 1e-12) * total[:, None]
    whole = np.floor(share).astype(np.int64)
    rank = np.argsort(np.argsort(-(share - whole), axis=1, kind="stable"), axis=1, kind="stable")
    split: np.ndarray = whole + (rank < (total - whole.sum(axis=1))[:, None])
    return split


def within(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give for groups of these sizes, laid end to end, each member's group and its place in the group from 0."""
    group = np.repeat(np.arange(len(counts)), counts)
    first = np.repeat(np.cumsum(counts) - counts, counts)
    return group, np.arange(len(group)) - first


def ids(prefix: str, numbers: np.ndarray, width: int) -> np.ndarray:
    """Write numbers as ids of a fixed width behind a prefix."""
    words, codes = np.unique(numbers, return_inverse=True)
    return np.array([f"{prefix}{n:0{width}d}" for n in words.tolist()], dtype=object)[codes]
