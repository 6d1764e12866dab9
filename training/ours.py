"""Figures on our own sentences and on the titles that we labelled, each left out in its turn.

Several hands wrote them, none of whom saw what another wrote or what the program makes of it, so they
tell more of unseen words than tests/eval does; but they are nearer to each other than to residents.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from handlers.commands import normal, parse
from handlers.triage import Triage
from handlers.triage.later import NONE, later
from handlers.triage.linear import Model, best, shipped, unpack
from training.category import Category
from training.danger import NONE as NO_CRY
from training.danger import Danger
from training.leftout import FOLDS, SUREST, Part
from training.sayings import Saying, Sayings, sayings
from training.shipped import CLAIMS_AND_CLOSINGS, Figures, share
from training.staff import Staff

TALK = 5000
"""Lines of talk that are read for false commands."""


def measure(folder: Path) -> Iterator[Part]:
    """Yield titles with figures and goals."""
    yield categories(folder)
    yield said_later(folder)
    yield cries(folder)
    yield staff()


def _folds(rows: Sequence[int]) -> list[np.ndarray]:
    mixed = np.random.default_rng(0).permutation(rows)
    return [mixed[fold::FOLDS] for fold in range(FOLDS)]


def categories(folder: Path) -> Part:
    """Return how often the category is right, of posts of ours and of citizens' titles."""
    every = Category(folder)
    figures: Figures = {}
    right, margin = np.zeros(len(every.texts), bool), np.zeros(len(every.texts))
    kinds = {"posts of ours": every.written, "citizens' titles": every.titles}
    for part in _folds([row for rows in kinds.values() for row in rows]):
        model = unpack(every.fit(part))
        for row in part:
            told = best(model.scores(every.texts[row]), model.labels)
            right[row], margin[row] = told.label == every.truth[row], told.margin
    for name, rows in kinds.items():
        at = np.array(rows)
        sure = at[margin[at] >= np.quantile(margin[at], 1 - SUREST)]
        figures[f"{name}: category right"] = share(int(right[at].sum()), len(at))
        figures[f"{name}, the surest 80%"] = share(int(right[sure].sum()), len(sure))
    return f"category, 43 labels, {FOLDS} folds", figures, {}


def said_later(folder: Path) -> Part:
    """Return how often what is said later is the right command, by the live rules and a model that
    didn't see it, and how many claims and closings are false."""
    told: list[tuple[Saying, str]] = []
    every = sayings(folder)
    for hands, name in ((True, "said-hands"), (False, "said-household")):
        one = Sayings(every, hands)
        ours = [n for n, row in enumerate(one.rows) if row.weight == 1]
        talk = [n for n, row in enumerate(one.rows) if row.weight < 1]
        for part, more in zip(_folds(ours), _folds(talk), strict=True):
            out = [*part, *more[: TALK // FOLDS // 2]]
            models = {**shipped(), name: unpack(one.fit(out))}
            told += [(one.rows[n], _command(one.rows[n], models)) for n in out]
    kinds = {
        "a command": [(s, c) for s, c in told if s.command != NONE],
        "none, made to tempt": [(s, c) for s, c in told if s.command == NONE and s.weight == 1],
        "talk and notices": [(s, c) for s, c in told if s.weight < 1],
    }
    figures: Figures = {}
    for kind, pairs in kinds.items():
        figures[f"{kind}: right"] = share(sum(s.command == c for s, c in pairs), len(pairs))
        false = sum(c in CLAIMS_AND_CLOSINGS and c != s.command for s, c in pairs)
        figures[f"{kind}: a false claim or closing"] = share(false, len(pairs))
    return f"what is said later, sentences of ours, {FOLDS} folds", figures, {}


def _command(saying: Saying, models: Mapping[str, Model]) -> str:
    ruled = parse(saying.text, role=saying.role, quoted=saying.quoted)
    if ruled and ruled.explicit:
        return ruled.name
    heard = later(normal(saying.text), saying.role, saying.quoted, ruled, models)
    return heard.name if heard else NONE


def cries(folder: Path) -> Part:
    """Return how many of the cries of ours are heard, and how much is taken for one that only
    sounds so, or is a plea without danger."""
    every = Danger(folder)
    heard = np.zeros(len(every.texts), bool)
    for part in _folds([*range(every.written), *every.pleas]):
        triage = Triage(models={"danger": unpack(every.fit(part))})
        for row in part:
            heard[row] = triage.judge(every.texts[row]).urgency == "emergency"
    cry = every.truth != NO_CRY
    kinds = {
        "cries heard": np.flatnonzero(cry[: every.written]),
        "what only sounds like one, taken for it": np.flatnonzero(~cry[: every.written]),
        "pleas without danger, taken for one": np.array(every.pleas),
    }
    figures = {name: share(int(heard[rows].sum()), len(rows)) for name, rows in kinds.items()}
    return f"emergencies, sentences of ours, {FOLDS} folds", figures, {}


def staff() -> Part:
    """Return how many requests of leaders and officers are tickets, and how much of what they tell
    residents, each hand read by a model that saw only the others'."""
    every = Staff()
    opened = np.zeros(len(every.hands), bool)
    for hand in np.unique(every.hands):
        part = np.flatnonzero(every.hands == hand)
        triage = Triage(models={"staff": unpack(every.fit(part))})
        for row in part:
            opened[row] = triage.judge(every.texts[row], role="leader").decision == "ticket"
    asks = every.truth[: len(opened)]
    figures = {
        "requests: ticket": share(int(opened[asks].sum()), int(asks.sum())),
        "what is told to residents: ticket": share(int(opened[~asks].sum()), int((~asks).sum())),
    }
    return "leaders and officers, posts of ours, each writer left out", figures, {}
