"""What is forgotten; promises in storage.base.Session."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from uuid import uuid4

from storage.part import AT_ONCE, Part, places
from storage.rows import stamp

GONE = "（已删除）"
"""Stands where something was erased."""
_LOOKED = "forgotten-"
"""With a table's name, the setting that holds up to which place it has been looked through."""
_CHAT = {
    "inbox": ("seq", "at", "ticket is null"),
    "outbox": ("id", "coalesce(sent_at, '9')", "state != 'waiting'"),
}
"""Tables of what was said, each with its place, its time, and which rows may go."""
_WORDS = {
    "inbox": (("seq",), ("text", "name")),
    "tickets": (("number",), ("text", "outcome", "reporter_name", "handler_name", "place")),
    "watchers": (("ticket", "person"), ("name",)),
    "events": (("seq",), ("text", "actor_name")),
    "outbox": (("id",), ("text", "error", "chart")),
    "questions": (("room", "person"), ("command",)),
    "attachments": (("message",), ("name",)),
    "roles": (("id",), ("phone", "name")),
}
"""Each table that holds people's words, with its key and those columns; JSON stays JSON."""
_OF_PERSON = {
    "inbox": "sender = ?", "tickets": "reporter = ?", "watchers": "person = ?",
    "events": "actor = ?", "outbox": "person = ?", "questions": "person = ?", "roles": "person = ?",
    "bound_people": "person = ?",
    "attachments": "message in (select id from inbox where sender = ?)",
}  # fmt: skip

Row = tuple[object, ...]


class ErasingPart(Part):
    """What is forgotten, when its time has come or somebody asks."""

    def erasable(self, before: datetime, most: int) -> list[int]:
        """See storage.base."""
        sql = (
            "select number from tickets where ended_at is not null and ended_at < ? and not exists"
            " (select 1 from erasures e where e.ticket = number) order by ended_at limit ?"
        )
        return [row[0] for row in self._run(sql, [stamp(before), most])]

    def erase_contacts(
        self, number: int, wash: Callable[[str], str], at: datetime, why: str
    ) -> None:
        """See storage.base."""
        sql = (
            "select reporter, reporter_name from tickets where number = ?"
            " union select person, name from watchers where ticket = ?"
        )
        people = {row[0]: row[1] for row in self._run(sql, [number, number])}
        names = sorted((name for name in people.values() if len(name) > 1), key=len, reverse=True)

        def washed(text: str) -> str:
            for name in names:
                text = text.replace(name, "居民")
            return wash(text)

        self._washed("tickets", "number = ?", [number], washed)
        self._washed("events", "ticket = ?", [number], washed)
        self._washed("inbox", "ticket = ?", [number], washed)
        self._run(
            "update tickets set reporter = ?, reporter_name = ? where number = ?",
            [GONE, GONE, number],
        )
        self._run("delete from watchers where ticket = ?", [number])
        for person in people:
            self._run(
                "update events set actor = ?, actor_name = ? where ticket = ? and actor = ?",
                [GONE, GONE, number, person],
            )
            self._run(
                "update inbox set sender = ?, name = ? where ticket = ? and sender = ?",
                [GONE, GONE, number, person],
            )
        self._tombstone(at, number, why, {"people": len(people)})

    def forget_chatter(self, before: datetime, most: int, at: datetime) -> int:
        """See storage.base."""
        return sum(self._forget(table, before, most, at) for table in _CHAT)

    def _forget(self, table: str, before: datetime, most: int, at: datetime) -> int:
        place, time, may_go = _CHAT[table]
        key = _LOOKED + table
        looked = self._run("select value from settings where key = ?", [key]).fetchone()
        rows = self._run(
            f"select {place}, {time}, {may_go} from {table} where {place} > ?"
            f" order by {place} limit ?",
            [int(looked[0]) if looked else 0, most],
        ).fetchall()
        old = [row for row in rows if row[1] < (stamp(before) or "")]
        empty = [row[0] for row in old if row[2]]
        for some in _portions(empty):
            self._run(f"delete from {table} where {place} in ({places(len(some))})", some)
        if old:
            self._run(
                "insert into settings values (?, ?)"
                " on conflict (key) do update set value = excluded.value",
                [key, str(old[-1][0])],
            )
        if empty:
            self._tombstone(at, None, table, {"rows": len(empty)})
        return len(old)

    def kept_of(self, person: str) -> dict[str, list[dict[str, object]]]:
        """See storage.base."""
        found: dict[str, list[dict[str, object]]] = {}
        for table, where in _OF_PERSON.items():
            cursor = self._run(f"select * from {table} where {where}", [person])
            names = [column[0] for column in cursor.description]
            rows = [dict(zip(names, row, strict=True)) for row in cursor]
            if rows:
                found[table] = rows
        return found

    def erase_person(self, person: str, at: datetime) -> tuple[int, list[str]]:
        """See storage.base."""
        alias = f"gone-{uuid4().hex[:12]}"  # one for all rows: the figures still add up
        pictures = self._run(
            f"select message, path from attachments where {_OF_PERSON['attachments']}", [person]
        ).fetchall()
        told = self._run(
            "select number, source from tickets where reporter = ?", [person]
        ).fetchall()
        count = self._forget_sent(person, alias, {row[0] for row in told})
        for number, source in told:
            self._run(
                "update events set text = ? where ticket = ? and message = ?",
                [GONE, number, source],
            )
        for sql in (
            "update attachments set state = 'gone', name = '', path = '', why = ?"
            f" where {_OF_PERSON['attachments']}",
            "update events set text = ? where actor = ?",
            "update tickets set text = ?, reporter_name = '' where reporter = ?",
            "update inbox set text = ?, name = '' where sender = ?",
            "update watchers set name = ? where person = ?",
        ):
            count += self._run(sql, [GONE, person]).rowcount
        for table, column in (("events", "actor"), ("tickets", "reporter"), ("inbox", "sender"),
                              ("watchers", "person"), ("codes", "used_by")):  # fmt: skip
            self._run(f"update {table} set {column} = ? where {column} = ?", [alias, person])
        self._run("update events set actor_name = ? where actor = ?", [GONE, alias])
        self._run("delete from questions where person = ?", [person])
        self._tombstone(at, None, "person", {"rows": count})
        return count, self.unclaimed_paths(row[1] for row in pictures if row[1])

    def unclaimed_paths(self, paths: Iterable[str]) -> list[str]:
        """See storage.base."""
        sql = "select 1 from attachments where path = ? limit 1"
        return [path for path in sorted(set(paths)) if self._run(sql, [path]).fetchone() is None]

    def _forget_sent(self, person: str, alias: str, numbers: set[int]) -> int:
        """Forget what was said to a person, and what was said of their tickets."""
        sql = "select id, person, mentions, tickets from outbox where id > ? order by id limit ?"
        changed = 0
        for id_, to, mentioned, tickets in self._all(sql):
            mentions = json.loads(str(mentioned))
            of_them = not numbers.isdisjoint(json.loads(str(tickets)))
            if to != person and person not in mentions and not of_them:
                continue
            left = [alias if who == person else who for who in mentions]
            self._run(
                "update outbox set text = ?, person = ?, mentions = ?, chart = '' where id = ?",
                [GONE, alias if to == person else to, json.dumps(left), id_],
            )
            changed += 1
        return changed

    def rewrite(self, change: Callable[[str], str], at: datetime, why: str) -> int:
        """See storage.base."""
        count = 0
        for table in _WORDS:
            count += self._washed(table, "1 = 1", [], change)
        if count:
            self._tombstone(at, None, why, {"rows": count})
        return count

    def _washed(
        self, table: str, where: str, values: Sequence[object], change: Callable[[str], str]
    ) -> int:
        keys, columns = _WORDS[table]
        sql = f"select {', '.join((*keys, *columns))} from {table} where {where}"
        count = 0
        for row in self._run(sql, values).fetchall():
            key, texts = list(row)[: len(keys)], list(row)[len(keys) :]
            news = [change(text) if text else text for text in texts]
            if news != texts:
                sets = ", ".join(f"{column} = ?" for column in columns)
                which = " and ".join(f"{column} = ?" for column in keys)
                self._run(f"update {table} set {sets} where {which}", [*news, *key])
                count += 1
        return count

    def _all(self, sql: str) -> Iterator[Row]:
        last: object = 0
        while rows := self._run(sql, [last, AT_ONCE]).fetchall():
            yield from rows
            last = rows[-1][0]

    def _tombstone(self, at: datetime, ticket: int | None, why: str, what: object) -> None:
        self._run(
            "insert into erasures (at, ticket, why, what) values (?, ?, ?, ?)",
            [stamp(at), ticket, why, json.dumps(what)],
        )


def _portions(values: Sequence[object]) -> Iterator[Sequence[object]]:
    for start in range(0, len(values), AT_ONCE):
        yield values[start : start + AT_ONCE]
