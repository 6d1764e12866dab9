"""The matter: categories from what was written and composed for the purpose; no data has labels."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import numpy as np
from sklearn.svm import LinearSVC

from handlers.categories import categories
from handlers.commands import normal
from handlers.triage.lexicon import lexicon
from training import data
from training.compose import composed
from training.fit import Corpus, fitted

LONGEST, LEAST, STRENGTH = 2, 2, 0.3
COMPOSED = 6000
MOST = 25_000
"""Pieces that are kept."""
WRITTEN, TITLE = 3.0, 2.0
"""What a written sentence, or a citizen's title, weighs beside a composed one or a word of the
tables."""
SURE = 0.1
"""The margin that a category is kept from on; of left-out written sentences with less, most are
wrong."""


class Category:
    """All sentences with their features; some can be left out."""

    def __init__(self, folder: Path) -> None:
        rows = [(text, code, 1.0) for text, code in composed("problem", COMPOSED)]
        words = {**lexicon().weak, **lexicon().strong}
        rows += [(word, topic.category, 1.0) for word, topic in words.items()]
        titles = data.titles(data.posts(folder))
        self.titles = range(len(rows), len(rows) + len(titles))
        """The rows of citizens' titles."""
        rows += [(normal(plea.text), plea.category, TITLE) for plea in titles]
        self.written = range(len(rows), len(rows) + len(data.pleas()))
        """The rows of posts that were written for training."""
        rows += [(normal(plea.text), plea.category, WRITTEN) for plea in data.pleas()]
        self.texts = [text for text, _, _ in rows]
        self.truth = np.array([code for _, code, _ in rows])
        self._weight = np.array([weight for _, _, weight in rows])
        self._corpus = Corpus(self.texts, LONGEST)

    def fit(self, left_out: Collection[int] = (), sure: float = 0.0) -> bytes:
        """Return a model's file, fitted without some rows; ``sure`` is the margin to keep to."""
        kept = np.setdiff1d(np.arange(len(self.texts)), list(left_out))
        model = LinearSVC(C=STRENGTH, class_weight="balanced")
        weighed = fitted(
            model,
            self._corpus.weighed(kept, LEAST),
            kept,
            self.truth[kept],
            self._weight[kept],
            MOST,
        )
        labels = [code for code in categories() if code in set(model.classes_)]
        order = [list(model.classes_).index(code) for code in labels]
        return weighed.written(model.coef_[order], model.intercept_[order], labels, sure=sure)
