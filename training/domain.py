"""The line of government: seven labels from the citizens' messages, fitted by a linear SVM."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.svm import LinearSVC

from handlers.categories import categories
from handlers.commands import normal
from training import data
from training.compose import composed
from training.fit import Corpus, fitted

LABELS = ("交通运输", "劳动和社会保障", "卫生计生", "商贸旅游", "城乡建设", "教育文体", "环境保护")
LONGEST, LEAST, STRENGTH = 2, 2, 1.0
READ = 1000
MOST = 100_000
"""Pieces that are kept."""
YIELD = 0.4
"""How much surer a category beyond the seven labels must be for the domain to follow it: on written
sentences half of those are found at the price of 0.001 in F1 on citizens' titles."""
COMPOSED, WRITTEN = 0.05, 0.12
"""What a sentence of ours weighs beside a citizen's message."""
SENTENCE, SENTENCES = 0.3, 8
"""What a single sentence of a message weighs, and how many of each are taken: they are nearer to a
title, and to a post, than the whole is."""


def labelled(folder: Path) -> list[data.Post]:
    """Return the labelled messages."""
    return [post for post in data.posts(folder) if post.domain]


@dataclass(frozen=True, slots=True)
class Hint:
    """A text that tells a domain without being anybody's message, and what it weighs."""

    text: str
    domain: str
    weight: float


def hints(folder: Path) -> list[Hint]:
    """Return names of the taxonomy, composed and written sentences."""
    table = categories()
    made = [Hint(text, domain, 0.3) for text, domain in data.taxonomy(folder)]
    made += [Hint(text, table[code].domain, COMPOSED) for text, code in composed("problem", 3000)]
    made += [Hint(p.text, table[p.category].domain, WRITTEN) for p in data.pleas()]
    return [hint for hint in made if hint.domain in LABELS]


class Domain:
    """All texts with their features, counted once; fitted as often as a fold is left out."""

    def __init__(self, posts: Sequence[data.Post], more: Sequence[Hint]) -> None:
        rows = [(normal(post.full[:READ]), post.domain, 1.0, post.cluster) for post in posts]
        rows += [(normal(p.title), p.domain, 1.0, p.cluster) for p in posts if p.title]
        rows += [
            (normal(said), p.domain, SENTENCE, p.cluster)
            for p in posts
            for said in p.sentences[:SENTENCES]
        ]
        rows += [(normal(hint.text), hint.domain, hint.weight, "") for hint in more]
        texts, label, weight, cluster = zip(*rows, strict=True)
        self._label, self._weight, self.cluster = map(np.array, (label, weight, cluster))
        self._corpus = Corpus(texts, LONGEST)

    def fit(self, clusters: Collection[str] = ()) -> bytes:
        """Return a model's file, fitted without some clusters of near-duplicates."""
        kept = np.flatnonzero(~np.isin(self.cluster, list(clusters)))
        model = LinearSVC(C=STRENGTH, class_weight="balanced")
        weighed = fitted(
            model,
            self._corpus.weighed(kept, LEAST),
            kept,
            self._label[kept],
            self._weight[kept],
            MOST,
        )
        order = [list(model.classes_).index(label) for label in LABELS]
        return weighed.written(
            model.coef_[order], model.intercept_[order], LABELS, **{"yield": YIELD}
        )
