"""Fit the shipped models: ``python -m training.train [--data DIR] [--out DIR]``.

The problem model's thresholds are set on sources left out whole; then it is fitted on all.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from training import category, danger, data, domain, problem, sayings, staff
from training.problem import Fitted, Problem
from training.weight import Weight

OUT = Path(__file__).parents[1] / "handlers" / "triage"
LEFT_OUT = (
    ("group-chat", "group-notices"), ("estate-agents",), ("microblog",), ("chatbot", "chatbot-facts"),
    ("news", "voice-commands"), ("replies", "att4"), ("att3",), ("testset",),
)  # fmt: skip
"""Sources that are left out together: one origin, one voice."""
FOLDS = 4
"""What was written for training has one author; it is left out in parts."""
CHAT = ("group-chat", "microblog", "chatbot")
MOST_ALARMS = 0.03
"""What of left-out talk may open a ticket, the mean of its sources."""
LEAST_FOUND = 0.95
"""What of left-out titles and sentences is at least asked about."""


@dataclass(frozen=True, slots=True)
class Split:
    """Rows that a classifier was fitted without, all those of some sources."""

    sources: tuple[str, ...]
    fitted: Fitted
    rows: np.ndarray


def splits(every: Problem) -> Iterator[Split]:
    """Yield a classifier for each group of sources left out, then for each part of the written."""
    for sources in LEFT_OUT:
        rows = every.rows(sources)
        yield Split(sources, every.fit(every.without(rows)), rows)
    written = every.rows([s for s in set(every.source) if s.startswith("written")])
    for fold in range(FOLDS):
        rows = written[fold::FOLDS]
        yield Split(("written",), every.fit(every.without(rows)), rows)


@dataclass(frozen=True, slots=True)
class Settings:
    """What the left-out rows say: the scores' scale and the thresholds, as probabilities."""

    slope: float
    shift: float
    ticket: float
    ask: float


def settings(every: Problem, margins: np.ndarray) -> Settings:
    """Return calibration and thresholds from margins of left-out rows (nan: never left out)."""
    rows = np.flatnonzero(~np.isnan(margins))
    truth, source, seen = every.truth[rows], every.source[rows], margins[rows]
    short = np.array([len(every.samples[row].text) <= problem.SHORT for row in rows])
    weight = np.zeros(len(rows))
    for side in (truth == 1, truth == 0):
        for name in sorted(set(source[side])):
            here = side & (source == name)
            weight[here] = 1 / here.sum() / len(set(source[side]))
    sure = truth != 0.5
    slope, shift = problem.calibration(seen[sure], truth[sure], weight[sure])
    chance = 1 / (1 + np.exp(-(seen * slope + shift)))
    chat = [chance[source == name] for name in CHAT if name in source]
    ticket = np.mean([np.quantile(found, 1 - MOST_ALARMS) for found in chat])
    posts = chance[(truth == 1) & short & ~np.char.startswith(source, "written")]
    return Settings(slope, shift, round(float(ticket), 3),
                    round(float(np.quantile(posts, 1 - LEAST_FOUND)), 3))  # fmt: skip


def left_out_margins(every: Problem, parts: Iterable[Split]) -> np.ndarray:
    """Return each row's margin by a classifier that did not see its source; nan for the others."""
    margins = np.full(len(every.samples), np.nan)
    for split in parts:
        margins[split.rows] = split.fitted.margins(split.rows)
    return margins


def problem_model(every: Problem, margins: np.ndarray) -> bytes:
    """Return the shipped problem model's file."""
    found = settings(every, margins)
    fitted = every.fit(np.arange(len(every.samples)))
    return fitted.written(found.slope, found.shift, found.ticket, found.ask)


def main() -> None:
    """Fit the models and write them where the program reads them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=data.DATA)
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument(
        "--only", choices=("problem", "domain", "category", "danger", "weight", "said", "staff")
    )
    options = parser.parse_args()
    if options.only in {None, "domain"}:
        model = domain.Domain(domain.labelled(options.data), domain.hints(options.data)).fit()
        (options.out / "domain.model.gz").write_bytes(model)
        print(f"domain: {len(model):,} bytes")
    if options.only in {None, "category"}:
        model = category.Category(options.data).fit(sure=category.SURE)
        (options.out / "category.model.gz").write_bytes(model)
        print(f"category: {len(model):,} bytes")
    if options.only in {None, "danger"}:
        found = danger.Danger(options.data)
        for name, model in (("danger", found.fit()), ("danger-kind", found.fit_topics())):
            (options.out / f"{name}.model.gz").write_bytes(model)
            print(f"{name}: {len(model):,} bytes")
    if options.only in {None, "weight"}:
        weight = Weight(options.data)
        for name, model in (("urgent", weight.fit_urgent()), ("size", weight.fit_size())):
            (options.out / f"{name}.model.gz").write_bytes(model)
            print(f"{name}: {len(model):,} bytes")
    if options.only in {None, "said"}:
        every_saying = sayings.sayings(options.data)
        for name, hands in (("said-hands", True), ("said-household", False)):
            model = sayings.Sayings(every_saying, hands).fit()
            (options.out / f"{name}.model.gz").write_bytes(model)
            print(f"{name}: {len(model):,} bytes")
    if options.only in {None, "staff"}:
        model = staff.Staff().fit()
        (options.out / "staff.model.gz").write_bytes(model)
        print(f"staff: {len(model):,} bytes")
    if options.only in {None, "problem"}:
        every = Problem(problem.samples(options.data))
        model = problem_model(every, left_out_margins(every, splits(every)))
        (options.out / "problem.model.gz").write_bytes(model)
        print(f"problem: {len(model):,} bytes")


if __name__ == "__main__":
    main()
