"""What goes out; promises in storage.base.Session."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.models import Reason
from storage.base import Queued, Waiting
from storage.part import Part, places
from storage.rows import read_waiting, stamp

LEASE = timedelta(minutes=3)
"""How long a worker has a message in hand at most; longer than any channel takes to send."""

_RANKS = " ".join(f"when '{reason}' then {reason.rank}" for reason in Reason)
_RANK = f"case reason {_RANKS} end"
_FAR = timedelta(hours=1)
"""Further ahead no try is put off, and no lease lies beyond LEASE; if one does, the clock was set
back meanwhile."""
_READY = (
    "((o.attempts = 0 or o.not_before <= ? or o.not_before > ?)"
    " and (o.leased_until is null or o.leased_until < ? or o.leased_until > ?))"
)


class OutgoingPart(Part):
    """The outbox."""

    def waiting(self, now: datetime, open_: bool) -> list[Queued]:
        """See storage.base."""
        when = _moments(now)
        # what waits for working hours keeps nothing else; the index holds all that is asked first
        rows = self._run(
            f"select o.id, o.room, o.person, o.urgent, h.rank from ("
            f" select min(id) as id, min({_RANK}) as rank from outbox"
            "  where state = 'waiting' and urgent = 0 and (in_hours = 0 or ? = 1)"
            "  group by room, person) h"
            f" join outbox o on o.id = h.id where {_READY}"
            f" union all select id, room, person, urgent, {_RANK} from outbox o"
            f" where state = 'waiting' and urgent = 1 and {_READY} order by 4 desc, 1",
            [int(open_), *when, *when],
        )
        found: dict[tuple[str, str], Queued] = {}
        for id_, room, person, urgent, rank in rows:
            found.setdefault((room, person), Queued(id_, room, person, bool(urgent), rank))
        return list(found.values())

    def ready(self, queued: Queued, now: datetime, open_: bool, most: int) -> list[Waiting]:
        """See storage.base."""
        address = "room = ?" if queued.room is not None else "room is null and person = ?"
        rows = self._run(
            f"select o.*, {_READY} as ready from outbox o where state = 'waiting' and {address}"
            " and (in_hours = 0 or ? = 1) order by urgent desc, id limit ?",
            [*_moments(now), queued.to if queued.room is None else queued.room, int(open_), most],
        )
        found = []
        for row in rows:
            if row["ready"]:
                found.append(read_waiting(row))
            elif not row["urgent"]:
                break  # what comes later in a room doesn't overtake it
        return found

    def first_waiting(self) -> int | None:
        """See storage.base."""
        row = self._run("select min(id) from outbox where state = 'waiting'").fetchone()
        return int(row[0]) if row[0] else None

    def take(self, ids: Sequence[int], worker: str, now: datetime, account: str = "") -> bool:
        """See storage.base."""
        served = self._run("select holder from leases where name = ?", [account]).fetchone()
        if served and served[0] != worker:
            return False
        leased = self._run(
            "select id, room, person from outbox where state = 'waiting'"
            " and leased_until is not null and leased_until >= ? and leased_until <= ?",
            [stamp(now), stamp(now + LEASE)],
        ).fetchall()
        wanted = f"select id, room, person from outbox where id in ({places(len(ids))})"
        mine = self._run(f"{wanted} and state = 'waiting'", ids).fetchall()
        busy = {(row[1], row[2]) for row in leased}
        if len(mine) < len(ids) or any((row[1], row[2]) in busy for row in mine):
            return False
        self._each(
            "update outbox set leased_until = ?, worker = ?, account = ? where id = ?",
            ids, stamp(now + LEASE), worker, account)  # fmt: skip
        return True

    def sent(self, ids: Sequence[int], sent_id: str, at: datetime) -> None:
        """See storage.base."""
        self._each(
            "update outbox set state = 'sent', sent_id = ?, sent_at = ?, leased_until = null"
            " where id = ? and state = 'waiting'", ids, sent_id, stamp(at))  # fmt: skip

    def failed(self, ids: Sequence[int], worker: str, why: str, again: datetime) -> None:
        """See storage.base."""
        self._each(
            "update outbox set error = ?, not_before = ?, attempts = attempts + 1,"
            " leased_until = null where worker = ? and id = ? and state = 'waiting'",
            ids, why, stamp(again), worker)  # fmt: skip

    def drop(self, ids: Sequence[int], worker: str, why: str, at: datetime) -> None:
        """See storage.base."""
        self._each(
            "update outbox set state = 'dropped', error = ?, sent_at = ?, leased_until = null"
            " where worker = ? and id = ? and state = 'waiting'",
            ids, why, stamp(at), worker)  # fmt: skip

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

    def release(self, account: str) -> None:
        """See storage.base."""
        self._run(
            "update outbox set leased_until = null where state = 'waiting'"
            " and leased_until is not null and account = ?",
            [account],
        )

    def tickets_of_sent(self, sent_id: str) -> tuple[int, ...]:
        """See storage.base."""
        rows = self._run("select tickets from outbox where sent_id = ? order by id", [sent_id])
        return tuple(dict.fromkeys(number for row in rows for number in json.loads(row[0])))

    def _each(self, sql: str, ids: Sequence[int], *values: object) -> None:
        for id_ in ids:
            self._run(sql, (*values, id_))


def _moments(now: datetime) -> list[str | None]:
    """Return the values of _READY."""
    return [stamp(now), stamp(now + _FAR), stamp(now), stamp(now + LEASE)]
