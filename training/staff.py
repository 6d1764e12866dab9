"""Leaders and officers: do they ask others to act, or speak to residents? Fit by what was written
for it; notices and talk count lightly beside it."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from sklearn.svm import LinearSVC

from handlers.commands import normal
from training import data
from training.fit import Corpus, fitted

LONGEST, LEAST, STRENGTH = 2, 2, 1.0
MOST = 15_000
"""Pieces that are kept."""
NOTICE, TALK = 0.3, 0.1
"""What a notice and a line of talk weigh beside a row written for this."""


class Staff:
    """All rows with their features; the written ones come first, and have a hand each."""

    def __init__(self) -> None:
        written = data.staff_posts()
        self.hands = np.array([post.hand for post in written])
        rows = [(post.text, post.asks, 1.0) for post in written]
        rows += [(text, False, NOTICE) for text in data.written("notices")]
        rows += [(text, False, TALK) for text in data.written("chatter")]
        self.texts = [normal(text) for text, _, _ in rows]
        self.truth = np.array([asks for _, asks, _ in rows])
        self._weight = np.array([weight for _, _, weight in rows])
        self._corpus = Corpus(self.texts, LONGEST)

    def fit(self, left_out: Collection[int] = ()) -> bytes:
        """Return the model's file, fitted without some rows; both sides weigh the same."""
        kept = np.setdiff1d(np.arange(len(self.texts)), list(left_out))
        truth, weight = self.truth[kept], self._weight[kept].copy()
        weight[truth] *= weight[~truth].sum() / weight[truth].sum()
        model = LinearSVC(C=STRENGTH)
        weighed = fitted(model, self._corpus.weighed(kept, LEAST), kept, truth, weight, MOST)
        return weighed.written(model.coef_, model.intercept_, ["asks"])
