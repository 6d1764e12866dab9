"""Figures on the evaluation set that ships with the project, through the live door.

Needs nothing but the program. The set was written for this purpose: tests/eval/README.md.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

from bot.models import Understanding, Urgency
from handlers.triage import Triage

SETS = Path(__file__).parents[1] / "tests" / "eval"
BASELINE = SETS / "baseline.json"
ROLES = {"resident": "neighbour", "leader": "leader", "officer": "officer"}
CLAIMS_AND_CLOSINGS = frozenset({"claim", "resolve", "confirm", "cancel", "reject"})
PARTS = ("building", "unit", "room", "group", "estate", "road")

Figures = dict[str, float]


def rows(name: str) -> list[dict[str, Any]]:
    """Return the rows of one of the sets."""
    lines = (SETS / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def share(part: int, whole: int) -> float:
    """Return a part of a whole, 0 of nothing."""
    return round(part / whole, 4) if whole else 0.0


def problems(triage: Triage) -> Figures:
    """Return how many problems are found, how many others taken for one, and the labels right."""
    said = [
        (row, triage.understand(row["text"], role=ROLES[row["speaker"]]))
        for row in rows("problems")
    ]
    found: Figures = {}
    for label in ("problem", "not", "doubtful"):
        decisions = Counter(got.decision for row, got in said if row["label"] == label)
        for decision in ("ticket", "ask"):
            found[f"{label}: {decision}"] = share(decisions[decision], decisions.total())
    real = [(row, got) for row, got in said if row["label"] == "problem"]
    placed = [(row, got) for row, got in real if row["domain"]]
    found["problem: category right"] = _right(real, "category")
    found["problem: domain right"] = _right(placed, "domain")
    found["problem: urgency right"] = _right(real, "urgency")
    staff = [got for row, got in said if row["speaker"] != "resident" and row["label"] == "problem"]
    found["problem of a leader or officer: ticket"] = share(
        sum(got.decision == "ticket" for got in staff), len(staff)
    )
    return found


def _right(pairs: list[tuple[dict[str, Any], Understanding]], name: str) -> float:
    return share(sum(str(getattr(got, name)) == row[name] for row, got in pairs), len(pairs))


def places(triage: Triage) -> Figures:
    """Return F1 of each part of an address: found with the very words, or not."""
    figures: Figures = {}
    said = [(row["place"], triage.judge(row["text"]).place) for row in rows("places")]
    for part in PARTS:
        pairs = [(want[part].lower(), getattr(got, part).lower()) for want, got in said]
        right = sum(want == got != "" for want, got in pairs)
        named = sum(want != "" for want, _ in pairs) + sum(got != "" for _, got in pairs)
        figures[f"{part}: F1"] = share(2 * right, named)
    return figures


def sayings(triage: Triage) -> Figures:
    """Return how many later sayings are the right command, and what the traps caught."""
    said = [(row["command"], _command(triage, row)) for row in rows("said_later")]
    trapped = [_command(triage, row) for row in rows("traps")]
    return {
        "said later: right command": share(sum(a == b for a, b in said), len(said)),
        "traps: false claims and closings, rows": float(
            sum(c in CLAIMS_AND_CLOSINGS for c in trapped)
        ),
        "traps: any command": share(sum(c != "none" for c in trapped), len(trapped)),
    }


def _command(triage: Triage, row: dict[str, Any]) -> str:
    got = triage.understand(row["text"], role=row["role"], quoted=row["quoted"])
    return got.command.name if got.command else "none"


def emergencies(triage: Triage) -> Figures:
    """Return how many emergencies are found and opened, and how many others taken for one."""
    said = [(row["emergency"], triage.understand(row["text"])) for row in rows("emergencies")]
    called = [
        (real, got.urgency is Urgency.EMERGENCY and got.decision == "ticket") for real, got in said
    ]
    real, false = [c for r, c in called if r], [c for r, c in called if not r]
    return {"emergencies found": share(sum(real), len(real)),
            "false emergencies": share(sum(false), len(false))}  # fmt: skip


def measure(triage: Triage) -> dict[str, Figures]:
    """Return all figures on the shipped set, by set."""
    return {
        "problems": problems(triage), "places": places(triage), "sayings": sayings(triage),
        "emergencies": emergencies(triage),
    }  # fmt: skip


LOWER_IS_BETTER = frozenset({
    "not: ticket", "not: ask", "traps: false claims and closings, rows", "traps: any command",
    "false emergencies",
})  # fmt: skip
UNGUARDED = frozenset({"problem: ask", "doubtful: ask", "doubtful: ticket"})
"""Figures without a better side: shown, not guarded."""


def fallen(now: dict[str, Figures], then: dict[str, Any]) -> list[str]:
    """Return the figures that are worse than a baseline by more than its margin, in words."""
    margin = float(then["margin"])
    worse = []
    for name, figures in then["figures"].items():
        for figure, was in figures.items():
            if figure in UNGUARDED:
                continue
            slack = 0 if figure.endswith("rows") else margin
            change = now[name][figure] - was
            if (change > slack) if figure in LOWER_IS_BETTER else (change < -slack):
                worse.append(f"{name}: {figure} was {was:.3f}, is {now[name][figure]:.3f}")
    return worse


def record(figures: dict[str, Figures], margin: float = 0.02) -> None:
    """Write the figures as the baseline that a test holds the program to."""
    text = json.dumps({"margin": margin, "figures": figures}, ensure_ascii=False, indent=1)
    BASELINE.write_text(text + "\n", encoding="utf-8")
