"""Messages a second through `Triage.understand` on one core, beside `jieba.lcut` in the same run.

    python -m benchmarks.understanding [--runs 5]

The messages are those of tests/eval (posts, and what is said later) and the talk in
training/written, one in ten a problem, each once a run: nothing is remembered from one to the next.
Seconds of the processor are counted, so that others on the machine matter less; what loading costs
is measured in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.figures import Figure, table

ROOT = Path(__file__).parents[1]
GOAL = 15_000
_LOADING = """
import logging, os, time, jieba
jieba.setLogLevel(logging.ERROR); jieba.lcut("热身")
from handlers.triage import Triage
from handlers.triage.cutting import cutter
cutter(())
def memory():
    return int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
held, began = memory(), time.process_time()
triage = Triage()
print(time.process_time() - began, memory() - held)
"""


def texts() -> list[str]:
    """Return short posts, all different, one in ten of them a problem."""
    rows = [
        json.loads(line)
        for name in ("problems", "said_later", "traps")
        for line in (ROOT / f"tests/eval/{name}.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    talk = (ROOT / "training/written/chatter.txt").read_text(encoding="utf-8").splitlines()[1:]
    pleas = [row["text"] for row in rows if row.get("label") == "problem"]
    others = [row["text"] for row in rows if row.get("label") != "problem"] + talk
    every = len(others) // 9
    return list(dict.fromkeys(text for text in [*others, *pleas[:every]] if text))


def rate(work: Callable[[str], object], posts: list[str]) -> float:
    """Return messages a second of processor."""
    began = time.process_time()
    for text in posts:
        work(text)
    return len(posts) / (time.process_time() - began)


def figures(runs: int = 5) -> list[Figure]:
    """Measure speed and what loading the models costs beside the dictionary."""
    import jieba  # noqa: PLC0415  # loads a dictionary: not for who measures something else

    from handlers.triage import Triage  # noqa: PLC0415

    jieba.setLogLevel(logging.ERROR)
    posts, triage = texts(), Triage()
    rows: dict[str, list[float]] = {"bare": [], "all": []}
    for work in (jieba.lcut, triage.understand):
        rate(work, posts)  # the first round fills the interpreter's caches
    for _ in range(runs):
        rows["bare"].append(rate(jieba.lcut, posts))
        rows["all"].append(rate(triage.understand, posts))
    bare, whole = statistics.median(rows["bare"]), statistics.median(rows["all"])
    loaded = subprocess.run(
        [sys.executable, "-c", _LOADING], cwd=ROOT, check=True, capture_output=True, text=True
    )
    seconds, megabytes = map(float, loaded.stdout.split())
    size = sum(f.stat().st_size for f in (ROOT / "handlers/triage").glob("*.model.gz")) / 1e6
    return [
        Figure(f"posts understood, {len(posts):,} different ones, one core", whole, "a second",
               "jieba.lcut alone", bare, f"{GOAL:,}", whole >= GOAL),
        Figure("loading the models", seconds, "s", "goal", 1, "under 1 s", seconds < 1),
        Figure("their memory", megabytes, "MB", "goal", 100, "under 100 MB", megabytes < 100),
        Figure("their files", size, "MB", "goal", 5, "under 5 MB", size < 5),
    ]  # fmt: skip


def main() -> None:
    """Measure on one core and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    print(table(figures(options.runs)))


if __name__ == "__main__":
    main()
