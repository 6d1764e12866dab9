"""The line of government: seven labels from the citizens' messages, fitted by a linear SVM."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

import numpy as np
from sklearn.svm import LinearSVC

from handlers.categories import categories
from handlers.commands import normal
from training import data
from training.compose import composed
from training.fit import Corpus

LABELS = ("交通运输", "劳动和社会保障", "卫生计生", "商贸旅游", "城乡建设", "教育文体", "环境保护")
LONGEST, LEAST, STRENGTH = 2, 2, 2.0
READ = 1000
HINT = 0.3
"""What a name of the taxonomy or a composed sentence weighs beside a citizen's message."""


def labelled(folder: Path) -> list[data.Post]:
    """Return the labelled messages."""
    return [post for post in data.posts(folder) if post.domain]


def hints(folder: Path) -> list[tuple[str, str]]:
    """Return texts that tell a domain without being anybody's message: names and composed ones."""
    table = categories()
    made = [(text, domain) for text, domain in data.taxonomy(folder) if domain in LABELS]
    made += [
        (text, table[code].domain)
        for text, code in composed("problem", 1500)
        if table[code].domain in LABELS
    ]
    return made


class Domain:
    """All texts with their features, counted once; fitted as often as a fold is left out."""

    def __init__(self, posts: Sequence[data.Post], more: Sequence[tuple[str, str]]) -> None:
        rows = [(normal(post.full[:READ]), post.domain, 1.0, post.cluster) for post in posts]
        rows += [(normal(p.title), p.domain, 1.0, p.cluster) for p in posts if p.title]
        rows += [(normal(text), domain, HINT, "") for text, domain in more]
        texts, label, weight, cluster = zip(*rows, strict=True)
        self._label, self._weight, self.cluster = map(np.array, (label, weight, cluster))
        self._corpus = Corpus(texts, LONGEST)

    def fit(self, clusters: Collection[str] = ()) -> bytes:
        """Return a model's file, fitted without some clusters of near-duplicates."""
        kept = np.flatnonzero(~np.isin(self.cluster, list(clusters)))
        weighed = self._corpus.weighed(kept, LEAST)
        model = LinearSVC(C=STRENGTH, class_weight="balanced")
        model.fit(weighed.of(kept), self._label[kept], sample_weight=self._weight[kept])
        order = [list(model.classes_).index(label) for label in LABELS]
        return weighed.written(model.coef_[order], model.intercept_[order], LABELS)
