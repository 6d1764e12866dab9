"""Print every figure with its split: ``python -m training.evaluate [--data DIR] [--record]``.

The shipped evaluation set is measured by the shipped program. What is measured on the shared data is
fitted anew without the rows it is measured on, and read through the same door as in a live group.
It takes some twenty minutes on one core; without the data, seconds.
"""

from __future__ import annotations

import argparse
import importlib.util
from pathlib import Path

from handlers.triage import Triage
from training import shipped

DATA = Path(__file__).parents[2] / "shared" / "data"
GOALS = {
    "problem: ticket": "0.95", "sayings": "0.90", "said later: right command": "0.90",
    "traps: false claims and closings, rows": "0", "emergencies found": "0.95",
    "false emergencies": "0.02", "building: F1": "0.97", "unit: F1": "0.97", "room: F1": "0.97",
    "group: F1": "0.97",
}  # fmt: skip


def show(title: str, figures: shipped.Figures, goals: dict[str, str]) -> None:
    """Print figures under a title, each beside its goal where it has one."""
    print(f"\n{title}")
    for name, value in figures.items():
        goal = f"   goal {goals[name]}" if name in goals else ""
        shown = f"{value:>6.0f}" if name.endswith("rows") else f"{value:>6.3f}"
        print(f"  {name:<58} {shown}{goal}")


def main() -> None:
    """Measure and print; ``--record`` makes the shipped set's figures the baseline."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--record", action="store_true")
    options = parser.parse_args()
    figures = shipped.measure(Triage())
    for name, found in figures.items():
        show(f"tests/eval, {name}: the shipped program, rows written for measuring", found, GOALS)
    if options.record:
        shipped.record(figures)
    if not (options.data / "triage").is_dir():
        print(
            f"\nskipped: all figures on citizens' messages and group chat; no data in {options.data}"
        )
    elif importlib.util.find_spec("sklearn") is None:
        print(
            "\nskipped: all figures on citizens' messages and group chat; install the extra 'train'"
        )
    else:
        from training import leftout, ours  # noqa: PLC0415

        for measure in (leftout.measure, ours.measure):
            for title, found, goals in measure(options.data):
                show(title, found, goals)


if __name__ == "__main__":
    main()
