"""Linear models over pieces of text: what training wrote down, added up. Pure.

A model gives each piece (one to three characters) a weight for every label, in
eight bits. All weights of a piece lie side by side in one integer, so that a text costs one look-up
and one addition for each of its pieces, whatever the number of labels.
"""

from __future__ import annotations

import gzip
import json
import math
import struct
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from operator import add
from typing import Any

_LANE = 4
"""Bytes that each sum has; a thousand characters fill less."""
_BITS = 8 * _LANE
_ZERO = 128
"""Weights are kept without sign: this stands for 0."""
_LONG = 120
"""Characters from which on what is said again and again counts less each time."""
_DAMPED = [0, *(round(2 * (1 + math.log(n))) for n in range(1, 1001))]


def pieces(line: str, longest: int) -> list[str]:
    """Return all runs of one to ``longest`` (2 or 3) characters, the line's ends marked."""
    ones = f"^{line}$"
    twos = list(map(add, ones, ones[1:]))
    if longest == 2:
        return [*ones, *twos]
    return [*ones, *twos, *map(add, twos, ones[2:])]


@dataclass(frozen=True, slots=True)
class Model:
    """Weights by piece. ``rows`` holds, low lane first: the weight of each label, the square of
    the piece's rarity, and a one."""

    labels: tuple[str, ...]
    longest: int
    scale: float
    rarity: float
    bias: tuple[float, ...]
    rows: Mapping[str, int]
    more: Mapping[str, Any]
    """What else training wrote down: thresholds, weights of signs."""

    def scores(self, line: str) -> list[float]:
        """Return a score for each label; 0 is a linear classifier's border."""
        found = pieces(line, self.longest)
        if len(line) <= _LONG:
            total, unit = sum(filter(None, map(self.rows.get, found))), 1
        else:
            counted = Counter(found)
            total, unit = sum(
                row * _DAMPED[min(times, 1000)]
                for piece, times in counted.items()
                if (row := self.rows.get(piece))
            ), 2  # fmt: skip
        *sums, rare, hits = self._lanes(total)
        if not hits:
            return list(self.bias)
        size = math.sqrt(rare * self.rarity / unit)
        by, zero = self.scale / (size * unit), _ZERO * hits
        return [(part - zero) * by + bias for part, bias in zip(sums, self.bias, strict=True)]

    def _lanes(self, total: int) -> tuple[int, ...]:
        wide = total.to_bytes(_LANE * (len(self.labels) + 2), "little")
        return struct.unpack(f"<{len(self.labels) + 2}I", wide)

    def weight(self, piece: str, label: int) -> int:
        """Return what a piece speaks for a label, 0 if it is not known."""
        row = self.rows.get(piece)
        return 0 if row is None else self._lanes(row)[label] - _ZERO


@dataclass(frozen=True, slots=True)
class Best:
    """The label with the highest score, and how far it is before the next."""

    label: str
    margin: float


def best(scores: list[float], labels: Sequence[str]) -> Best:
    """Return the best of two labels or more."""
    second, first = sorted(scores)[-2:]
    return Best(labels[scores.index(first)], first - second)


def pack(model_pieces: list[str], weights: bytes, head: dict[str, Any]) -> bytes:
    """Return a model's file: ``weights`` has a byte a label and one of rarity for each piece."""
    text = json.dumps(head, ensure_ascii=False) + "\n" + "\n".join(model_pieces)
    raw = text.encode()
    return gzip.compress(len(raw).to_bytes(4, "little") + raw + weights, 9, mtime=0)


def unpack(data: bytes) -> Model:
    """Return the model of a file's bytes."""
    raw = gzip.decompress(data)
    size = 4 + int.from_bytes(raw[:4], "little")
    first, *found = raw[4:size].decode().split("\n")
    head = json.loads(first)
    labels = tuple(head["labels"])
    lanes = len(labels) + 1
    wide = bytearray(_LANE * len(found) * lanes)
    wide[::_LANE] = raw[size:]
    step, one = _LANE * lanes, 1 << _BITS * lanes
    sums = (
        int.from_bytes(wide[at : at + step], "little") | one for at in range(0, len(wide), step)
    )
    return Model(labels, head["longest"], head["scale"], head["rarity"], tuple(head["bias"]),
                 dict(zip(found, sums, strict=True)), head.get("more", {}))  # fmt: skip


@cache
def shipped(name: str) -> Model:
    """Return a model that comes with the program."""
    return unpack((files("handlers.triage") / f"{name}.model.gz").read_bytes())
