"""Linear models over pieces of text: what training wrote down, added up. Pure.

A model gives each piece (one to three characters) a weight for every label, in eight bits. All
weights of a piece, those of joined models too, lie side by side in one integer, so that a text
costs one look-up and one addition for each of its pieces. Look-ups are what costs: each is in
another corner of the memory.
"""

from __future__ import annotations

import gzip
import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from operator import add
from typing import Any

NAMES = ("problem", "danger", "danger-kind", "domain", "category", "urgent", "size")
"""The models that come with the program and are asked of every text."""
APART = ("said-hands", "said-household", "staff")
"""Those that are asked of what some people say: see handlers.triage.later and .staff."""
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
class Sums:
    """The rows of a text's pieces, added up lane by lane; each counts ``unit`` times."""

    lanes: memoryview
    unit: int


@dataclass(frozen=True, slots=True)
class Model:
    """Weights by piece. ``rows`` holds, from lane ``first`` on, the low one first: the weight of
    each label, the square of the piece's rarity, and a one."""

    labels: tuple[str, ...]
    longest: int
    scale: float
    rarity: float
    bias: tuple[float, ...]
    rows: Mapping[str, int]
    more: Mapping[str, Any]
    """What else training wrote down: thresholds, weights of signs."""
    lanes: int
    """How many a row has, with those of joined models."""
    first: int = 0

    def sums(self, line: str) -> Sums:
        """Return what all models that are joined with this one need to know of a text."""
        found = pieces(line, self.longest)
        if len(line) <= _LONG:
            return Sums(self._lanes(sum(filter(None, map(self.rows.get, found)))), 1)
        total = sum(
            row * _DAMPED[min(times, 1000)]
            for piece, times in Counter(found).items()
            if (row := self.rows.get(piece))
        )
        return Sums(self._lanes(total), 2)

    def scores(self, line: str, sums: Sums | None = None) -> list[float]:
        """Return a score for each label; 0 is a linear classifier's border. ``sums`` are the
        line's, from any model joined with this one."""
        told = sums or self.sums(line)
        *parts, rare, hits = told.lanes[self.first : self.first + len(self.labels) + 2]
        if not hits:
            return list(self.bias)
        by = self.scale / (math.sqrt(rare * self.rarity / told.unit) * told.unit)
        zero = _ZERO * hits
        return [(part - zero) * by + bias for part, bias in zip(parts, self.bias, strict=True)]

    def _lanes(self, total: int) -> memoryview:
        # a lane's bytes are read in the machine's order: any machine of these days is little-endian
        return memoryview(total.to_bytes(_LANE * self.lanes, "little")).cast("I")

    def weight(self, found: Iterable[str], label: int) -> int:
        """Return what pieces speak for a label together; those not known speak for nothing."""
        row = self._lanes(sum(filter(None, map(self.rows.get, found))))
        return row[self.first + label] - _ZERO * row[self.first + len(self.labels) + 1]


def join(models: Mapping[str, Model]) -> dict[str, Model]:
    """Return the models with their rows in one; the narrowest come first, so that rows of many
    pieces are short."""
    rows: dict[str, int] = {}
    firsts: dict[str, int] = {}
    lanes = 0
    for name, model in sorted(models.items(), key=lambda item: item[1].lanes):
        firsts[name] = lanes
        for piece, row in model.rows.items():
            rows[piece] = rows.get(piece, 0) | row << _BITS * lanes
        lanes += model.lanes
    longest = max(model.longest for model in models.values())
    return {
        name: replace(model, rows=rows, lanes=lanes, first=firsts[name], longest=longest)
        for name, model in models.items()
    }


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
                 dict(zip(found, sums, strict=True)), head.get("more", {}), lanes + 1)  # fmt: skip


def load(name: str) -> Model:
    """Read a model that comes with the program."""
    return unpack((files("handlers.triage") / f"{name}.model.gz").read_bytes())


def shipped_but(others: Mapping[str, Model]) -> dict[str, Model]:
    """Return the models that come with the program, some replaced; those of ``NAMES`` joined."""
    apart = {name: others.get(name) or load(name) for name in APART}
    return join({name: others.get(name) or load(name) for name in NAMES}) | apart


@cache
def shipped() -> dict[str, Model]:
    """Return the models that come with the program."""
    return shipped_but({})
