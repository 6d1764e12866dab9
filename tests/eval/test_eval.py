"""No change lowers a figure on the evaluation set beyond the margin that its baseline states."""

from __future__ import annotations

import json

from handlers.triage import Triage
from training import shipped


def test_no_figure_falls_below_its_baseline() -> None:
    baseline = json.loads(shipped.BASELINE.read_text(encoding="utf-8"))
    assert shipped.fallen(shipped.measure(Triage()), baseline) == []
