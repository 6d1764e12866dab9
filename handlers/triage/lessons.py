"""Learning from leaders' corrections: what is to be added to the shipped models. Pure.

The base can't be fitted again where the program runs: the data it was fitted on is nobody's to hand
out. Its weights carry it; here they stay as they are, and what is learned is what corrects them.
"""

from __future__ import annotations

import csv
import hashlib
import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.resources import files

from bot.models import Label
from handlers.commands import normal
from handlers.triage import Triage
from handlers.triage.linear import pieces
from handlers.triage.taught import LONGEST, Taught

LEAST = 20
"""Corrections that are needed before anything is learned."""
_HELD_BACK = 5
"""One text of so many isn't learned from, so that it can tell whether learning helped."""
_ROUNDS, _STEP, _SHRINK = 30, 0.6, 0.02
_APART = 1.5
"""How far the right category is to be before the next."""
_TWICE = 2
_NO_LETTER = re.compile(r"[\W\d_a-zA-Z零一二三四五六七八九十两]")
_UNWANTED = re.compile(r"[0-9A-Za-z\s]")


def held_back(text: str) -> bool:
    """Return whether a text is kept for the examination: the same text always, and with it all
    that differ in numbers and punctuation alone."""
    bones = _NO_LETTER.sub("", normal(text))
    return hashlib.sha256(bones.encode("utf-8", "replace")).digest()[0] % _HELD_BACK == 0


def learn(triage: Triage, labels: Sequence[Label]) -> Taught:
    """Return what the labels teach beside ``triage``, which must be the untaught one."""
    labels = [*labels, *ours()[0]]
    lines = [normal(label.text) for label in labels]
    known = _pieces_of_many(lines)
    found = [[piece for piece in pieces(line, LONGEST) if piece in known] for line in lines]
    sizes = [math.sqrt(len(pieces(line, LONGEST))) for line in lines]
    return Taught(
        _problem(triage, labels, found, sizes), _category(triage, labels, lines, found, sizes)
    )


def _pieces_of_many(lines: Iterable[str]) -> set[str]:
    """Return the pieces of two texts or more, without digits and Latin letters: nobody's number
    and no single person's words are kept."""
    held: Counter[str] = Counter()
    for line in set(lines):
        held.update(set(pieces(line, LONGEST)))
    return {p for p, times in held.items() if times >= _TWICE and not _UNWANTED.search(p)}


def _problem(
    triage: Triage, labels: Sequence[Label], found: list[list[str]], sizes: list[float]
) -> dict[str, float]:
    """Return weights that bring each label's text to its side, by logistic regression."""
    border = sum(math.log(p / (1 - p)) for p in triage.limits.values()) / len(triage.limits)
    first = [triage.read(label.text).logit - border for label in labels]
    weights: dict[str, float] = defaultdict(float)
    for _ in range(_ROUNDS):
        for label, logit, here, size in zip(labels, first, found, sizes, strict=True):
            told = logit + sum(weights[piece] for piece in here) / size
            wrong = label.problem - 1 / (1 + math.exp(-max(-30, min(30, told))))
            for piece in here:
                weights[piece] += _STEP * (wrong / size - _SHRINK * weights[piece] / size)
    return {piece: weight for piece, weight in weights.items() if round(weight, 3)}


def _category(
    triage: Triage, labels: Sequence[Label], lines: list[str], found: list[list[str]],
    sizes: list[float],
) -> dict[str, dict[str, float]]:  # fmt: skip
    """Return weights that bring the right category before the next, step by step."""
    weights: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    first = [triage.matters(line) for line in lines]
    for _ in range(_ROUNDS):
        for label, scores, here, size in zip(labels, first, found, sizes, strict=True):
            if not label.problem or label.category not in scores:
                continue
            told = {
                code: score + sum(weights[code][piece] for piece in here) / size
                for code, score in scores.items()
            }
            right = told.pop(label.category)
            next_best = max(told, key=told.__getitem__)
            if right - told[next_best] < _APART:
                for piece in here:
                    weights[label.category][piece] += _STEP / 5 / size
                    weights[next_best][piece] -= _STEP / 5 / size
    return {
        code: {piece: weight for piece, weight in by.items() if round(weight, 3)}
        for code, by in weights.items()
        if any(by.values())
    }


@dataclass(frozen=True, slots=True)
class Marks:
    """How some labels come out: of the problems those that open a ticket, of the others those that
    open none, and of those with a category (``named``) the ones that get it."""

    problems: int
    opened: int
    others: int
    quiet: int
    named: int
    category: int

    @property
    def right(self) -> int:
        """Return all that are told right, problem or not."""
        return self.opened + self.quiet


def marks(triage: Triage, labels: Sequence[Label]) -> Marks:
    """Examine triage on labels."""
    told = [(label, triage.judge(label.text)) for label in labels]
    return Marks(
        problems=sum(label.problem for label in labels),
        opened=sum(label.problem and got.decision == "ticket" for label, got in told),
        others=sum(not label.problem for label in labels),
        quiet=sum(not label.problem and got.decision != "ticket" for label, got in told),
        named=sum(label.category != "" for label in labels),
        category=sum(got.category == label.category for label, got in told),
    )


def ours() -> tuple[list[Label], list[Label]]:
    """Return sentences of ours that no teaching may unlearn: to be learned along with the lessons,
    and to examine with."""
    text = (files("handlers.triage") / "ours.csv").read_text(encoding="utf-8")
    every = [
        Label(row["text"], row["category"] != "", row["category"])
        for row in csv.DictReader(text.splitlines())
    ]
    return every[::2], every[1::2]


FORGIVEN = 1
"""Sentences of ours that the new one may tell wrongly and the old one didn't."""


def is_worse(before: Marks, after: Marks, of_ours: tuple[Marks, Marks]) -> bool:
    """Return whether what was learned tells held-back texts, or sentences of ours, worse."""
    old, new = of_ours
    return (
        after.right < before.right
        or after.category < before.category
        or new.right < old.right - FORGIVEN
    )
