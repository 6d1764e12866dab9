"""What is said later: commands from sentences written for it, beside what the rules make of them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.svm import LinearSVC

from handlers.commands import normal
from handlers.sayings import HANDS, LONGEST, doubtful, said
from handlers.triage.later import HAND_WORDS, HOUSEHOLD_WORDS, NONE, telling
from training import data
from training.fit import Corpus, fitted

RUNS, LEAST, STRENGTH = 3, 2, 1.0
MOST = 35_000
"""Pieces that are kept."""
TALK = 0.2
"""What a line of talk weighs beside a row written for this."""
SHARE = 1.0
"""What all that is no command weighs together beside all commands."""


@dataclass(frozen=True, slots=True)
class Saying:
    """A sentence by whom, and the command that it is."""

    text: str
    hands: bool
    quoted: bool
    command: str
    weight: float = 1.0
    role: str = ""


def sayings(folder: Path) -> list[Saying]:
    """Return the rows written for this, and talk, which is no command."""
    made = [
        Saying(row["text"], row["role"] in HANDS, row["quoted"], row["command"], 1.0, row["role"])
        for row in data.rows("said_later")
    ]
    talk = data.written("chatter") + data.written("notices")
    for texts in data.others(folder).values():
        talk += data.sample([text for text in texts if len(text) <= LONGEST], 400)
    for n, text in enumerate(talk):
        made += [
            Saying(text, True, n % 4 == 0, NONE, TALK, "leader"),
            Saying(text, False, n % 4 == 1, NONE, TALK, "reporter"),
        ]
    made += [Saying(plea.text, False, False, NONE, TALK, "reporter") for plea in data.pleas()]
    return [saying for saying in made if len(saying.text) <= LONGEST]


class Sayings:
    """All rows of those who handle tickets, or of the others, with their features."""

    def __init__(self, every: list[Saying], hands: bool) -> None:
        self.labels = HAND_WORDS if hands else HOUSEHOLD_WORDS
        self.rows = [s for s in every if s.hands == hands and s.command in self.labels]
        self.ruled = [_ruled(s) for s in self.rows]
        self.truth = np.array([s.command for s in self.rows])
        self._weight = np.array([s.weight for s in self.rows])
        pairs = zip(self.rows, self.ruled, strict=True)
        told = [(normal(s.text), ruled, s.quoted) for s, ruled in pairs]
        self._corpus = Corpus([telling(*t, doubtful(t[0])) for t in told], RUNS)

    def fit(self, left_out: Collection[int] = ()) -> bytes:
        """Return a model's file, fitted without some rows."""
        kept = np.setdiff1d(np.arange(len(self.rows)), list(left_out))
        truth, weight = self.truth[kept], self._weight[kept].copy()
        nothing = truth == NONE
        weight[nothing] *= SHARE * weight[~nothing].sum() / weight[nothing].sum()
        model = LinearSVC(C=STRENGTH)
        weighed = fitted(model, self._corpus.weighed(kept, LEAST), kept, truth, weight, MOST)
        labels = [name for name in self.labels if name in set(model.classes_)]
        order = [list(model.classes_).index(name) for name in labels]
        return weighed.written(model.coef_[order], model.intercept_[order], labels)


def _ruled(saying: Saying) -> str:
    command = said(normal(saying.text), saying.role, saying.quoted)
    return command.name if command else NONE
