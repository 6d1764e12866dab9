"""What goes out; promises in storage.base.Session."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta

from storage.base import Waiting
from storage.part import Part
from storage.rows import read_waiting, stamp

_FAR = timedelta(hours=1)
"""Further ahead no try is put off; if one lies there, the clock was set back meanwhile."""


class OutgoingPart(Part):
    """The outbox."""

    def waiting(self, now: datetime, open_: bool) -> list[Waiting]:
        """See storage.base."""
        rows = self._run(
            "select *, (attempts = 0 or not_before <= ? or not_before > ?)"
            " and (leased_until is null or leased_until < ?)"
            " and (in_hours = 0 or ? = 1) as ready"
            " from outbox where state = 'waiting' order by urgent desc, id",
            [stamp(now), stamp(now + _FAR), stamp(now), int(open_)],
        )
        ready, held = [], set()
        for row in rows:
            address = (row["room"], row["person"])
            if row["ready"] and address not in held:
                ready.append(read_waiting(row))
            elif not row["urgent"]:
                held.add(address)  # what comes later in a room doesn't overtake it
        return ready

    def first_waiting(self) -> int | None:
        """See storage.base."""
        row = self._run("select min(id) from outbox where state = 'waiting'").fetchone()
        return int(row[0]) if row[0] else None

    def take(self, ids: Sequence[int], until: datetime, account: str = "") -> None:
        """See storage.base."""
        self._each(
            "update outbox set leased_until = ?, account = ? where id = ?",
            ids, stamp(until), account)  # fmt: skip

    def sent(self, ids: Sequence[int], sent_id: str, at: datetime) -> None:
        """See storage.base."""
        self._each(
            "update outbox set state = 'sent', sent_id = ?, sent_at = ?, leased_until = null"
            " where id = ?", ids, sent_id, stamp(at))  # fmt: skip

    def failed(self, ids: Sequence[int], why: str, again: datetime) -> None:
        """See storage.base."""
        self._each(
            "update outbox set error = ?, not_before = ?, attempts = attempts + 1,"
            " leased_until = null where id = ?",
            ids, why, stamp(again))  # fmt: skip

    def drop(self, ids: Sequence[int], why: str, at: datetime) -> None:
        """See storage.base."""
        self._each(
            "update outbox set state = 'dropped', error = ?, sent_at = ?, leased_until = null"
            " where id = ?", ids, why, stamp(at))  # fmt: skip

    def spoken(self, since: datetime) -> dict[str, int]:
        """See storage.base."""
        sql = (
            "select account, count(*) from outbox"
            " where state = 'sent' and sent_at >= ? group by account"
        )
        return {account: count for account, count in self._run(sql, [stamp(since)]) if account}

    def stuck(self, before: datetime) -> list[Waiting]:
        """See storage.base."""
        rows = self._run(
            "select * from outbox where id in (select min(id) from outbox where state = 'waiting'"
            " and at < ? and in_hours = 0 group by room, person) order by id",
            [stamp(before)],
        )
        return [read_waiting(row) for row in rows]

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
