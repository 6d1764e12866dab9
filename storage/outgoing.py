"""What goes out; promises in storage.base.Session."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from storage.base import Waiting
from storage.part import Part
from storage.rows import read_waiting, stamp


class OutgoingPart(Part):
    """The outbox."""

    def waiting(self, now: datetime) -> list[Waiting]:
        """See storage.base."""
        rows = self._run(
            "select * from outbox where state = 'waiting' and not_before <= ?"
            " and (leased_until is null or leased_until < ?) order by urgent desc, id",
            [stamp(now), stamp(now)])  # fmt: skip
        return [read_waiting(row) for row in rows]

    def first_waiting(self) -> int | None:
        """See storage.base."""
        row = self._run("select min(id) from outbox where state = 'waiting'").fetchone()
        return int(row[0]) if row[0] else None

    def take(self, ids: Sequence[int], until: datetime) -> None:
        """See storage.base."""
        self._each("update outbox set leased_until = ? where id = ?", ids, stamp(until))

    def sent(self, ids: Sequence[int], sent_id: str, at: datetime) -> None:
        """See storage.base."""
        self._each(
            "update outbox set state = 'sent', sent_id = ?, sent_at = ?, leased_until = null"
            " where id = ?", ids, sent_id, stamp(at))  # fmt: skip

    def failed(self, ids: Sequence[int], why: str, again: datetime | None) -> None:
        """See storage.base."""
        self._each(
            "update outbox set state = ?, error = ?, not_before = coalesce(?, not_before),"
            " attempts = attempts + 1, leased_until = null where id = ?",
            ids, "waiting" if again else "failed", why, stamp(again))  # fmt: skip

    def release_all(self) -> None:
        """See storage.base."""
        self._run("update outbox set leased_until = null where state = 'waiting'")

    def tickets_of_sent(self, sent_id: str) -> tuple[int, ...]:
        """See storage.base."""
        rows = self._run("select tickets from outbox where sent_id = ? order by id", [sent_id])
        return tuple(dict.fromkeys(number for row in rows for number in json.loads(row[0])))

    def is_ours(self, sent_id: str) -> bool:
        """See storage.base."""
        sql = "select 1 from outbox where sent_id = ?"
        return self._run(sql, [sent_id]).fetchone() is not None

    def _each(self, sql: str, ids: Sequence[int], *values: object) -> None:
        for id_ in ids:
            self._run(sql, (*values, id_))
