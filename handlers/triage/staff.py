"""Whether somebody of the staff asks for something, or speaks to the residents. Pure.

A leader's or officer's post is no request unless it says so by its own words (triage contract,
rule 1). A model tells the two apart; it was learned from sentences written for the purpose
(docs/triage-card.md).
"""

from __future__ import annotations

from collections.abc import Mapping

from handlers.triage.linear import Model

STAFF = frozenset({"leader", "deputy", "officer"})
_ASKS = 0.1
"""The model's margin from which on a post asks."""


def speaks_down(line: str, role: str, models: Mapping[str, Model]) -> bool:
    """Return whether a leader or officer says a half-width line to residents, and asks nobody
    for anything."""
    return role in STAFF and models["staff"].scores(line)[0] < _ASKS
