"""How urgent and how big: from posts of ours and citizens' titles that we read, with both labels."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import numpy as np
from sklearn.svm import LinearSVC

from handlers.commands import normal
from handlers.triage.weigh import SIZES
from training import data
from training.fit import Corpus, fitted

LONGEST, LEAST, STRENGTH = 2, 2, 0.4
MOST = 12_000
"""Pieces that are kept of each."""
TITLE = 0.5
"""What a citizen's title weighs beside a post of ours."""


class Weight:
    """All texts with their features; some can be left out."""

    def __init__(self, folder: Path) -> None:
        ours = [plea for plea in data.pleas() if plea.size]
        every = ours + data.titles(data.posts(folder))
        self.texts = [normal(plea.text) for plea in every]
        self.urgent = np.array([plea.urgency != "normal" for plea in every])
        """An emergency is no less: what tells it from the rest is another model's."""
        self.size = np.array([plea.size for plea in every])
        self._weight = np.array([1.0] * len(ours) + [TITLE] * (len(every) - len(ours)))
        self._corpus = Corpus(self.texts, LONGEST)

    def fit_urgent(self, left_out: Collection[int] = ()) -> bytes:
        """Return the file of the model that tells what can't wait, fitted without some rows."""
        return self._fit(self.urgent, left_out, ["urgent"])

    def fit_size(self, left_out: Collection[int] = ()) -> bytes:
        """Return the file of the model that tells the size, fitted without some rows."""
        return self._fit(self.size, left_out, list(SIZES))

    def _fit(self, truth: np.ndarray, left_out: Collection[int], labels: list[str]) -> bytes:
        kept = np.setdiff1d(np.arange(len(self.texts)), list(left_out))
        model = LinearSVC(C=STRENGTH, class_weight="balanced")
        weighed = fitted(
            model, self._corpus.weighed(kept, LEAST), kept, truth[kept], self._weight[kept], MOST
        )
        order = [list(model.classes_).index(name) for name in labels] if len(labels) > 1 else [0]
        return weighed.written(model.coef_[order], model.intercept_[order], labels)
