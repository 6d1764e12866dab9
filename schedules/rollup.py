"""Adding counts up the tree, from home grids to each supervised grid. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from bot.models import Aged, Tally
from handlers.masking import mask
from handlers.roster import Roster
from schedules.figures import Figures, Line

_LISTED = 3
_COUNTED = {
    "created": "created", "claimed": "claimed", "resolved": "resolved", "joined": "joined",
    "ask": "asks",
}  # fmt: skip


@dataclass(slots=True)
class _Sum:
    counts: Counter[str] = field(default_factory=Counter)
    by_level: Counter[str] = field(default_factory=Counter)
    by_category: Counter[str] = field(default_factory=Counter)
    settled_at: Counter[str] = field(default_factory=Counter)
    slowest: list[Line] = field(default_factory=list)
    oldest: list[Line] = field(default_factory=list)

    def figures(self) -> Figures:
        names = ("created", "claimed", "resolved", "overdue", "open_now", "asks", "joined")
        named = {name: self.counts[name] for name in names}
        return Figures(
            **named, closed=self.settled_at.total(), by_level=dict(self.by_level),
            by_category=dict(self.by_category), settled_at=dict(self.settled_at),
            slowest=tuple(self.slowest), oldest=tuple(self.oldest),
        )  # fmt: skip


def roll_up(
    wanted: Iterable[str],
    roster: Roster,
    tallies: Sequence[Tally],
    aging: Sequence[Aged] = (),
    slowest: Sequence[Aged] = (),
) -> dict[str, Figures]:
    """Return the figures of each wanted grid's subtree.

    ``aging`` (oldest first) and ``slowest`` (longest first) are left empty for the period before.
    """
    sums = {code: _Sum() for code in wanted}
    for tally in tallies:
        for sum_ in _above(tally.home, sums, roster):
            _count(sum_, tally)
    for aged in aging:
        for sum_ in _above(aged.home, sums, roster):
            _open(sum_, aged, roster)
    for aged in slowest:
        for sum_ in _above(aged.home, sums, roster):
            _list(sum_.slowest, aged, roster)
    return {code: sum_.figures() for code, sum_ in sums.items()}


def _above(home: str, sums: dict[str, _Sum], roster: Roster) -> Iterable[_Sum]:
    return (sums[grid.code] for grid in roster.chain(home) if grid.code in sums)


def _count(sum_: _Sum, tally: Tally) -> None:
    if tally.event == "settled":
        sum_.settled_at[tally.level] += tally.count
    elif tally.event in _COUNTED:
        sum_.counts[_COUNTED[tally.event]] += tally.count
    if tally.event == "created":
        sum_.by_category[tally.category] += tally.count


def _open(sum_: _Sum, aged: Aged, roster: Roster) -> None:
    sum_.counts["open_now"] += 1
    sum_.counts["overdue"] += aged.overdue
    sum_.by_level[aged.level] += 1
    _list(sum_.oldest, aged, roster)


def _list(lines: list[Line], aged: Aged, roster: Roster) -> None:
    if len(lines) < _LISTED:
        grid = roster.grid(aged.home)
        name = grid.name if grid else aged.home
        lines.append(Line(aged.number, name, mask(aged.text), aged.hours))
