"""Figures on the shared data, each on rows that the models behind the door have not seen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from sklearn.metrics import f1_score
from sklearn.model_selection import GroupKFold

from handlers.commands import normal
from handlers.triage import Triage
from handlers.triage.linear import unpack
from training import category, domain, problem, train
from training.danger import Danger
from training.problem import Problem
from training.shipped import Figures, share

FOLDS = 5
SUREST = 0.8
OFTEN = 0.03
"""From which share on a confusion is shown."""
MOST = 2000
"""Rows of a source that are read through the door, taken evenly; it is slower than the fit."""

OFFICIAL = ("group-notices", "replies")
"""Sources of which most is said by officers, whom the program knows; as who speaks they are read
too. What tells requests of theirs from the rest has learned from neither."""

Part = tuple[str, Figures, dict[str, str]]
"""A title, its figures, and the goals of some of them."""


def measure(folder: Path) -> Iterator[Part]:
    """Yield titles with figures and goals."""
    yield domains(folder)
    yield from problems(folder)


def domains(folder: Path) -> Part:
    """Return macro-F1 of the domain by cross-validation over groups of near-duplicates."""
    posts = domain.labelled(folder)
    fitting = domain.Domain(posts, domain.hints(folder))
    matter = category.Category(folder)  # by which the domains beyond the seven come
    truth = np.array([post.domain for post in posts])
    clusters = [post.cluster for post in posts]
    titles, fulls, margins = (np.empty(len(posts), object) for _ in range(3))
    for _, part in GroupKFold(FOLDS).split(posts, truth, clusters):
        told = {normal(posts[row].title) for row in part}
        labelled = [row for row in matter.titles if matter.texts[row] in told]
        triage = Triage(models={
            "domain": unpack(fitting.fit({clusters[row] for row in part})),
            "category": unpack(matter.fit(labelled, sure=category.SURE)),
        })  # fmt: skip
        for row in part:
            fulls[row] = triage.understand(posts[row].full).domain
            if posts[row].title:
                titles[row] = triage.understand(posts[row].title).domain
                margins[row] = triage.domain_of(normal(posts[row].title)).margin
    titled = np.array([bool(post.title) for post in posts])
    right = (titles == truth)[titled]
    sure = margins[titled].astype(float)
    surest = sure >= np.quantile(sure, 1 - SUREST)
    figures = {
        "titles: macro-F1": _macro(truth[titled], titles[titled]),
        "full texts: macro-F1": _macro(truth, fulls),
        "titles, the surest 80%: accuracy": share(int(right[surest].sum()), int(surest.sum())),
        **_confusion(truth[titled], titles[titled]),
    }
    return (
        f"domain, 7 labels: {FOLDS} folds over groups of near-duplicates, {titled.sum()} titles, "
        f"{len(posts)} texts",
        figures,
        {"titles: macro-F1": "0.90", "full texts: macro-F1": "0.92",
         "titles, the surest 80%: accuracy": "0.96"},
    )  # fmt: skip


def _macro(truth: np.ndarray, told: np.ndarray) -> float:
    score = f1_score(list(truth), list(told), average="macro", labels=domain.LABELS)
    return round(float(score), 4)


def _confusion(truth: np.ndarray, told: np.ndarray) -> Figures:
    """Return which domain is often taken for which, as shares of the true one's titles."""
    pairs = Counter(zip(truth, told, strict=True))
    whole = Counter(truth)
    shares = {(a, b): share(n, whole[a]) for (a, b), n in pairs.most_common() if a != b}
    return {f"titles of {a}, told as {b}": s for (a, b), s in shares.items() if s >= OFTEN}


def problems(folder: Path) -> Iterator[Part]:
    """Yield what is found and what is taken for a problem, source by source left out whole."""
    every = Problem(problem.samples(folder))
    parts = list(train.splits(every))
    margins = train.left_out_margins(every, parts)
    for part in parts:
        if part.sources == ("written",):
            continue
        scale = train.settings(every, _without(margins, part.rows))
        model = unpack(part.fitted.written(scale.slope, scale.shift, scale.ticket, scale.ask))
        cries = unpack(Danger(folder, part.sources).fit())
        triage = Triage(models={"problem": model, "danger": cries})
        figures: Figures = {}
        for name in part.sources:
            for kind, texts in _kinds(every, every.rows([name])).items():
                told = [triage.judge(text).decision for text in texts]
                figures[f"{name}, {kind}: ticket"] = share(told.count("ticket"), len(told))
                asked = len(told) - told.count("ignore")
                figures[f"{name}, {kind}: ticket or ask"] = share(asked, len(told))
                if name in OFFICIAL:
                    told = [triage.judge(text, role="officer").decision for text in texts]
                    by_one = f"{name}, {kind}, said by an officer: ticket"
                    figures[by_one] = share(told.count("ticket"), len(told))
        goals = {
            figure: goal
            for figure in figures
            for words, goal in (("group-chat, short: ticket", "0.03 at most"),
                                ("group-notices, short: ticket", "0.05 at most"),
                                ("titles: ticket", "0.95"), ("sentences: ticket", "0.95"))
            if words in figure
        }  # fmt: skip
        yield (
            f"problem or not, fitted and calibrated without {', '.join(part.sources)}",
            figures,
            goals,
        )
    yield _written(every, margins)


def _written(every: Problem, margins: np.ndarray) -> Part:
    """Return what is made of our own sentences, each by a classifier that did not see it."""
    scale = train.settings(every, margins)
    figures: Figures = {}
    for name in ("written-problems", "written-chatter", "written-notices", "written-doubtful"):
        chance = 1 / (1 + np.exp(-(margins[every.rows([name])] * scale.slope + scale.shift)))
        figures[f"{name}: ticket"] = round(float((chance >= scale.ticket).mean()), 4)
        figures[f"{name}: ticket or ask"] = round(float((chance >= scale.ask).mean()), 4)
    return "problem or not, sentences of ours, left out in quarters", figures, {}


def _without(margins: np.ndarray, rows: np.ndarray) -> np.ndarray:
    kept = margins.copy()
    kept[rows] = np.nan
    return kept


def _kinds(every: Problem, rows: np.ndarray) -> dict[str, list[str]]:
    kinds: dict[str, list[str]] = {}
    for row in rows:
        sample = every.samples[row]
        kind = sample.kind or ("short" if len(sample.text) <= problem.SHORT else "long")
        kinds.setdefault(kind, []).append(sample.text)
    return {kind: texts[:: max(1, len(texts) // MOST)] for kind, texts in kinds.items()}
