"""Messages a second through `Triage.understand` on one core, beside `jieba.lcut` in the same run.

    python -m benchmarks.understanding [--messages 20000] [--runs 5]

The messages are those of benchmarks/throughput.py: one in ten a problem. Seconds of the processor
are counted, so that others on the machine matter less; and what loading costs.
"""

from __future__ import annotations

import argparse
import logging
import os
import resource
import statistics
import time
from collections.abc import Callable

import jieba

from benchmarks.throughput import messages

TARGET = 15_000


def rate(work: Callable[[str], object], texts: list[str]) -> float:
    began = time.process_time()
    for text in texts:
        work(text)
    return len(texts) / (time.process_time() - began)


def memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--messages", type=int, default=20_000)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    jieba.setLogLevel(logging.ERROR)
    jieba.lcut("热身")
    from handlers.triage import Triage, cutter  # noqa: PLC0415

    cutter(())
    held, began = memory(), time.process_time()
    triage = Triage()
    print(f"models: {time.process_time() - began:.2f} s to load, {memory() - held:.0f} MB")
    texts = [message.text for message in messages(options.messages, "m")]
    rows: dict[str, list[float]] = {"jieba.lcut": [], "Triage.understand": []}
    for _ in range(options.runs):
        rows["jieba.lcut"].append(rate(jieba.lcut, texts))
        rows["Triage.understand"].append(rate(triage.understand, texts))
    print(f"one core, median of {options.runs}; target {TARGET:,} messages a second")
    for name, values in rows.items():
        middle = statistics.median(values)
        print(f"{name:>20}  {middle:>9,.0f}/s  ({min(values):,.0f}-{max(values):,.0f})")


if __name__ == "__main__":
    main()
