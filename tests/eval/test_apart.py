"""What is measured on is not learned from."""

from __future__ import annotations

import json
from pathlib import Path

from training import shipped

WRITTEN = Path(__file__).parents[2] / "training" / "written"
SETS = ("problems", "said_later", "traps", "emergencies", "places")


def learned() -> set[str]:
    """Every sentence of training/written, without its labels."""
    texts = set()
    for path in WRITTEN.iterdir():
        for line in path.read_text(encoding="utf-8").splitlines():
            if path.suffix == ".jsonl":
                texts.add(json.loads(line)["text"])
            elif path.suffix == ".txt" and not line.startswith("#"):
                texts.add(line.rpartition(" | ")[2].strip())
    return texts


def test_no_sentence_that_is_measured_on_was_learned_from() -> None:
    measured = {row["text"].strip() for name in SETS for row in shipped.rows(name)}
    assert len(measured) > 1000
    shared = measured & learned()
    assert not shared, f"{len(shared)} sentences of tests/eval stand in training/written"
