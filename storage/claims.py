"""What workers have in hand: deadlines and accounts; promises in storage.base.Session."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import ClassVar

from storage.part import AT_ONCE, Part, places
from storage.rows import moment, stamp

_FREE = "(d.claimed_until is null or d.claimed_until < ? or d.claimed_until > ?)"


class ClaimsPart(Part):
    """Deadlines that are due, and who has what in hand."""

    _unlocked: ClassVar[str] = ""
    """Skips rows of ``d`` that a transaction has in its hands; an engine's own words."""

    def due(self, now: datetime, until: datetime, most: int) -> list[tuple[int, str]]:
        """See storage.base."""
        sql = (
            "select d.ticket, t.grid from deadlines d join tickets t on t.number = d.ticket"
            f" where d.due <= ? and {_FREE} order by d.due, d.ticket limit ?"
        )
        rows = self._run(sql, [stamp(now), stamp(now), stamp(until), most])
        return [(row[0], row[1]) for row in rows]

    def claim_due(
        self, numbers: Sequence[int], now: datetime, until: datetime, claim: str
    ) -> list[int]:
        """See storage.base."""
        claimed = self._free(numbers, now, until, self._unlocked)
        for some in _portions(claimed):
            self._run(
                "update deadlines set claim = ?, claimed_until = ?"
                f" where ticket in ({places(len(some))})",
                [claim, stamp(until), *some],
            )
        return claimed

    def _free(
        self, numbers: Sequence[int], now: datetime, until: datetime, unlocked: str = ""
    ) -> list[int]:
        found: set[int] = set()
        for some in _portions(numbers):
            sql = (
                f"select d.ticket from deadlines d where d.ticket in ({places(len(some))})"
                f" and d.due <= ? and {_FREE}{unlocked}"
            )
            rows = self._run(sql, [*some, stamp(now), stamp(now), stamp(until)])
            found.update(row[0] for row in rows)
        return [number for number in numbers if number in found]

    def claimed(self, numbers: Sequence[int], claim: str) -> list[int]:
        """See storage.base."""
        found: set[int] = set()
        for some in _portions(numbers):
            sql = f"select ticket from deadlines where ticket in ({places(len(some))})"
            found.update(row[0] for row in self._run(f"{sql} and claim = ?", [*some, claim]))
        return [number for number in numbers if number in found]

    def release_claims(self, worker: str) -> None:
        """See storage.base."""
        self._run(
            "update deadlines set claim = '', claimed_until = null"
            " where claimed_until is not null and claim like ?",
            [f"{worker} %"],
        )

    def next_due(self) -> datetime | None:
        """See storage.base."""
        return moment(self._run("select min(due) from deadlines").fetchone()[0])

    def lease(self, name: str, holder: str, now: datetime, until: datetime) -> bool:
        """See storage.base."""
        self._run(
            "insert into leases values (?, ?, ?) on conflict (name) do update"
            " set holder = excluded.holder, until = excluded.until"
            " where leases.holder = excluded.holder or leases.until < ? or leases.until > ?",
            [name, holder, stamp(until), stamp(now), stamp(until)],
        )
        row = self._run("select holder from leases where name = ?", [name]).fetchone()
        return bool(row[0] == holder)

    def leases(self, now: datetime, until: datetime) -> dict[str, tuple[str, bool]]:
        """See storage.base."""
        rows = self._run(
            "select name, holder, until >= ? and until <= ? from leases",
            [stamp(now), stamp(until)],
        )
        return {name: (holder, bool(held)) for name, holder, held in rows}

    def end_lease(self, name: str, holder: str) -> None:
        """See storage.base."""
        self._run("delete from leases where name = ? and holder = ?", [name, holder])


def _portions(values: Sequence[object]) -> Iterator[Sequence[object]]:
    for start in range(0, len(values), AT_ONCE):
        yield values[start : start + AT_ONCE]
