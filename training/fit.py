"""Features of texts, and models written down in eight bits a weight."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import numpy as np
from scipy.sparse import csr_matrix, diags
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.preprocessing import normalize
from sklearn.svm import LinearSVC

from handlers.triage.linear import pack, pieces

_UNWANTED = re.compile(r"[0-9A-Za-z\s]")
"""No digits and no Latin letters in a vocabulary: numbers of people and codes of places."""


def analyzer(longest: int) -> Callable[[str], list[str]]:
    """Return what takes a text into the pieces that ``Model.scores`` looks up."""

    def analyze(text: str) -> list[str]:
        return [piece for piece in pieces(text, longest) if not _UNWANTED.search(piece)]

    return analyze


class Corpus:
    """Texts as counts of pieces, counted once; what is fitted sees only the rows it is given."""

    def __init__(self, texts: Sequence[str], longest: int) -> None:
        self.longest = longest
        counter = CountVectorizer(
            analyzer=analyzer(longest), lowercase=False, min_df=2, dtype=np.float32
        )
        self._counts = counter.fit_transform(texts).tocsr()
        self.names = counter.get_feature_names_out()

    def weighed(self, rows: np.ndarray, least: int) -> Weighed:
        """Return the weighing by pieces that ``least`` of these rows hold."""
        counts = self._counts[rows]
        held = np.asarray((counts > 0).sum(axis=0)).ravel()
        columns = np.flatnonzero(held >= least)
        rarity = np.log((1 + len(rows)) / (1 + held[columns])) + 1
        return Weighed(self, columns, rarity)

    def features(self, rows: np.ndarray, columns: np.ndarray, rarity: np.ndarray) -> csr_matrix:
        """Return tf-idf of length 1 of some rows."""
        taken = self._counts[rows][:, columns].copy()
        taken.data = 1 + np.log(taken.data)
        return normalize(taken @ diags(rarity.astype(np.float32))).tocsr()


class Weighed:
    """Pieces chosen and weighed by some rows of a corpus."""

    def __init__(self, corpus: Corpus, columns: np.ndarray, rarity: np.ndarray) -> None:
        self._corpus, self._columns, self._rarity = corpus, columns, rarity

    def of(self, rows: np.ndarray) -> csr_matrix:
        """Return the features of rows of the corpus."""
        return self._corpus.features(rows, self._columns, self._rarity)

    def weightiest(self, weights: np.ndarray, most: int) -> Weighed:
        """Return the weighing by the pieces that weigh most for some label; ``weights`` are those
        of a model on these features (labels by pieces). Half of the pieces and more decide nothing,
        and would cost memory and time with each message."""
        each = np.abs(weights).max(axis=0) * self._rarity
        kept = np.sort(np.argsort(-each, kind="stable")[:most])
        return Weighed(self._corpus, self._columns[kept], self._rarity[kept])

    def written(
        self, weights: np.ndarray, bias: np.ndarray, labels: Sequence[str], **more: object
    ) -> bytes:
        """Return the file of a model: weights (labels by pieces) on these features, in eight bits.

        ``more`` is written beside them.
        """
        each = (weights * self._rarity).T
        scale = float(np.quantile(np.abs(each).max(axis=1), 0.999)) / 127
        eight = np.clip(np.round(each / scale), -127, 127).astype(int) + 128
        rarest = float((self._rarity**2).max()) / 255
        square = np.clip(np.round(self._rarity**2 / rarest), 1, 255).astype(int)
        rows = np.hstack([eight, square[:, None]]).astype(np.uint8)
        head = {"labels": list(labels), "longest": self._corpus.longest, "scale": scale,
                "rarity": rarest, "bias": [float(b) for b in bias], "more": more}  # fmt: skip
        return pack(list(self._corpus.names[self._columns]), rows.tobytes(), head)


def fitted(
    model: LinearSVC,
    weighed: Weighed,
    rows: np.ndarray,
    truth: np.ndarray,
    weight: np.ndarray,
    most: int,
) -> Weighed:
    """Fit a model to rows of a corpus, then again by its ``most`` weightiest pieces alone; return
    the weighing by these."""  # fmt: skip
    model.fit(weighed.of(rows), truth, sample_weight=weight)
    lean = weighed.weightiest(model.coef_, most)
    model.fit(lean.of(rows), truth, sample_weight=weight)
    return lean
