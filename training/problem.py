"""Problem or not: what is learned from, and the fit. A source can be left out whole."""

from __future__ import annotations

import random
import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix, hstack
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from handlers.commands import normal
from handlers.triage.cutting import cutter
from handlers.triage.place import find_place
from handlers.triage.signs import NAMES, signs
from training import data
from training.compose import composed
from training.fit import Corpus, Weighed

CUTTER = cutter(())
SHORT = 60
"""Characters of a title or a single sentence."""
LABELS = ("problem",)
LONGEST, LEAST, STRENGTH = 3, 10, 0.5
MOST = 110_000
"""Pieces that are kept."""
PLEA, TALK, NOTICE, TOLD, DOUBTFUL = 2.5, 2.5, 8.0, 4.0, 2.5
"""What a row written for training weighs beside a citizen's title."""
_MOST = {"estate-agents": 20_000, "microblog": 17_000, "chatbot": 17_000, "news": 8_000}
_END = re.compile(r"(?<=[。!?;\n])")


@dataclass(frozen=True, slots=True)
class Sample:
    """A text with how surely it is a problem (1, 0 or between), its weight and its source."""

    text: str
    truth: float
    weight: float
    source: str
    cluster: str = ""
    kind: str = ""
    """Of citizens' messages: titles, sentences, whole."""


def samples(folder: Path) -> list[Sample]:
    """Return all that problem-or-not is learned from."""
    every = data.posts(folder)
    made = []
    for post in every:
        if post.title:
            made.append(Sample(post.title, 1, 1.0, post.source, post.cluster, "titles"))
        sentences = post.sentences
        for n, sentence in enumerate(
            random.Random(post.title).sample(sentences, min(3, len(sentences)))
        ):
            made.append(
                Sample(sentence, 1, 0.5 if n else 0.6, post.source, post.cluster, "sentences")
            )
        made.append(Sample(post.full[:300], 1, 0.1, post.source, post.cluster, "whole"))
    for source, texts in data.others(folder).items():
        for text in data.sample(texts, _MOST.get(source, 99_999)):
            made.append(Sample(text[:300], 0, 1.0, source))
            if source == "group-notices":
                made += [Sample(part, 0, 0.6, source) for part in _parts(text)]
    for reply in data.replies(every):
        made.append(Sample(reply[:300], 0, 1.0, "replies"))
        made += [Sample(part, 0, 0.4, "replies") for part in data.sample(_parts(reply), 4)]
    made += [Sample(plea.text, 1, PLEA, "written-problems") for plea in data.pleas()]
    made += [Sample(text, 0, TALK, "written-chatter") for text in data.written("chatter")]
    made += [Sample(text, 0, NOTICE, "written-notices") for text in data.written("notices")]
    made += [Sample(text, 0.5, DOUBTFUL, "written-doubtful") for text in data.written("doubtful")]
    made += [
        Sample(post.text, 1, PLEA, "written-problems")
        if post.asks
        else Sample(post.text, 0, TOLD, "written-notices")
        for post in data.staff_posts()
    ]
    made += [Sample(text, 1, 2.0, "composed") for text, _ in composed("problem", 9000)]
    made += [Sample(text, 0, 2.0, "composed") for text, _ in composed("not", 9000)]
    made += [Sample(text, 0.5, 3.0, "composed") for text, _ in composed("doubtful", 1500)]
    return [replace(sample, text=normal(sample.text)) for sample in made]


def _parts(text: str) -> list[str]:
    return [part.strip() for part in _END.split(text) if 8 <= len(part.strip()) <= 80]


class Problem:
    """All samples with their features, counted once; fitted as often as sources are left out."""

    def __init__(self, every: list[Sample]) -> None:
        self.samples = every
        self.source = np.array([s.source for s in every])
        self.cluster = np.array([s.cluster for s in every])
        self.truth = np.array([s.truth for s in every])
        self._weight = np.array([s.weight for s in every])
        self._corpus = Corpus([s.text for s in every], LONGEST)
        self._signs = csr_matrix(np.array([_signs(s.text) for s in every], np.float32))

    def rows(self, sources: Collection[str]) -> np.ndarray:
        """Return the numbers of all samples of some sources."""
        return np.flatnonzero(np.isin(self.source, list(sources)))

    def without(self, left_out: np.ndarray) -> np.ndarray:
        """Return what may be learned from: not these rows, nor near-duplicates of them."""
        clusters = sorted(set(self.cluster[left_out]) - {""})
        kept = ~np.isin(self.cluster, clusters)
        kept[left_out] = False
        return np.flatnonzero(kept)

    def fit(self, kept: np.ndarray) -> Fitted:
        """Return a classifier fitted on some rows; what is between counts half on each side."""
        weighed = self._corpus.weighed(kept, LEAST)
        matrix = self.features(weighed, kept)
        truth, weight = self.truth[kept], self._weight[kept].copy()
        for side in (truth > 0.5, truth < 0.5):  # both sides weigh the same
            weight[side] *= len(kept) / 2 / weight[side].sum()
        half = np.flatnonzero(truth == 0.5)
        rows = np.concatenate([np.arange(len(kept)), half])
        label = np.concatenate([truth >= 0.5, np.zeros(len(half), bool)])
        weights = np.concatenate([weight, weight[half]])
        weights[half] /= 2
        weights[len(kept) :] /= 2
        model = LinearSVC(C=STRENGTH, tol=0.01)
        model.fit(matrix[rows], label, sample_weight=weights)
        lean = weighed.weightiest(model.coef_[:, : -len(NAMES)], MOST)
        model.fit(self.features(lean, kept)[rows], label, sample_weight=weights)
        return Fitted(self, lean, model)

    def features(self, weighed: Weighed, rows: np.ndarray) -> csr_matrix:
        """Return pieces and signs of some rows side by side."""
        return hstack([weighed.of(rows), self._signs[rows]]).tocsr()


@dataclass(frozen=True, slots=True)
class Fitted:
    """A classifier and what it was fitted on."""

    problem: Problem
    weighed: Weighed
    model: LinearSVC

    def margins(self, rows: np.ndarray) -> np.ndarray:
        """Return how far rows lie on the problems' side."""
        return self.model.decision_function(self.problem.features(self.weighed, rows))

    def written(self, slope: float, shift: float, ticket: float, ask: float) -> bytes:
        """Return the model's file, its scores the logarithm of the odds after a calibration."""
        weights = self.model.coef_[0] * slope
        pieces = len(weights) - len(NAMES)
        return self.weighed.written(
            weights[None, :pieces], self.model.intercept_ * slope + shift, LABELS,
            signs=[round(float(w), 4) for w in weights[pieces:]], ticket=ticket, ask=ask,
        )  # fmt: skip


def _signs(line: str) -> list[float]:
    place = find_place(line)
    placed = any((place.building, place.unit, place.group))
    return signs(line, CUTTER.words(line), placed).values


def calibration(margins: np.ndarray, truth: np.ndarray, weight: np.ndarray) -> tuple[float, float]:
    """Return slope and shift that make margins of left-out rows the logarithm of the odds."""
    model = LogisticRegression(C=1e6)
    model.fit(margins[:, None], truth > 0.5, sample_weight=weight)
    return float(model.coef_[0, 0]), float(model.intercept_[0])
