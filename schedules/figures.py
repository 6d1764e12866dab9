"""What a supervisor reads of a grid's subtree in one period, as plain numbers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from bot.models import Level

_NOT_A_CHART = "这不是日报图表的数据。"


@dataclass(frozen=True, slots=True)
class Line:
    """One ticket in a digest. ``grid`` is a name, ``text`` is masked, ``hours`` how long it took
    or has been open."""

    number: int
    grid: str
    text: str
    hours: float


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts for one grid's subtree and one period; empty ones make a quiet period."""

    created: int = 0
    claimed: int = 0
    resolved: int = 0
    closed: int = 0
    overdue: int = 0
    open_now: int = 0
    asks: int = 0
    """Messages that nobody could place, waiting for a person to look."""
    joined: int = 0
    """Residents who said "mine too" on somebody's ticket."""
    by_level: dict[str, int] = field(default_factory=dict)
    """Open tickets now, by the Level value that holds them."""
    by_category: dict[str, int] = field(default_factory=dict)
    """Created in the period, by category code."""
    settled_at: dict[str, int] = field(default_factory=dict)
    """Closed in the period, by the Level value that solved them."""
    slowest: tuple[Line, ...] = ()
    """Closed in the period, longest first, three at most."""
    oldest: tuple[Line, ...] = ()
    """Still open, oldest first, three at most."""

    @property
    def quiet(self) -> bool:
        """Nothing happened in the period, and nothing waits for a decision."""
        moved = (self.created, self.claimed, self.resolved, self.closed)
        return not any((*moved, self.overdue, self.asks, self.joined))


@dataclass(frozen=True, slots=True)
class Caption:
    """The words on a chart: whose and when, and what its pale bars are (前一天)."""

    title: str = ""
    before: str = ""


def to_json(figures: Figures, previous: Figures, caption: Caption | None = None) -> str:
    """The figures of a period and of the one before, for ``Send.chart``."""
    both = {"now": asdict(figures), "before": asdict(previous)}
    return json.dumps({**both, "caption": asdict(caption or Caption())}, ensure_ascii=False)


def from_json(text: str) -> tuple[Figures, Figures]:
    """The reverse: the period's figures and the ones before.

    Fields missing or unknown are passed over, since a chart may wait in the outbox while the
    program is renewed. ValueError if it isn't the JSON of ``to_json``.
    """
    data = _load(text)
    try:
        return _figures(data["now"]), _figures(data["before"])
    except (TypeError, AttributeError):
        raise ValueError(_NOT_A_CHART) from None


def caption_of(text: str) -> Caption:
    """The caption that ``to_json`` was given; ValueError as for ``from_json``."""
    return Caption(**_known(Caption, _load(text).get("caption", {})))


def shares(settled_at: Mapping[str, int]) -> tuple[float, float, float] | None:
    """How much was solved in the micro-grid, in the village or below, in the township or below.

    微事不出格, 小事不出村, 大事不出镇: each a fraction of all that was closed, each including the
    one before it. None if nothing was closed.
    """
    solved = [settled_at.get(level, 0) for level in Level]
    total = sum(solved)
    if not total:
        return None
    grid, village, township = (
        sum(solved[: level.rank + 1]) / total
        for level in (Level.MICROGRID, Level.VILLAGE, Level.TOWNSHIP)
    )
    return grid, village, township


def _load(text: str) -> dict[str, Any]:
    data = json.loads(text)
    if not isinstance(data, dict) or not all(
        isinstance(data.get(key), dict) for key in ("now", "before")
    ):
        raise ValueError(_NOT_A_CHART)
    return data


def _figures(data: dict[str, Any]) -> Figures:
    known = _known(Figures, data)
    for key in ("slowest", "oldest"):
        known[key] = tuple(Line(**_known(Line, line)) for line in known.get(key, ()))
    return Figures(**known)


def _known(kind: type[Any], data: dict[str, Any]) -> dict[str, Any]:
    names = {item.name for item in fields(kind)}
    return {key: value for key, value in data.items() if key in names}
