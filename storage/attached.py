"""What was said lately, pictures and files of tickets; promises in storage.base.Session."""

from __future__ import annotations

from datetime import datetime

from storage.base import Attachment
from storage.part import Part
from storage.rows import read_attachment, stamp


class AttachedPart(Part):
    """What people sent beside their words."""

    def has_written(self, person: str) -> bool:
        """See storage.base."""
        sql = "select 1 from inbox where room is null and sender = ? limit 1"
        return self._run(sql, [person]).fetchone() is not None

    def said_in(self, room: str, since: datetime) -> list[tuple[str, str, str]]:
        """See storage.base."""
        heard = self._run(
            "select id, name, text, at from inbox where room = ? and at >= ?"
            " order by at desc limit 300",
            [room, stamp(since)],
        ).fetchall()
        sent = self._run(
            "select sent_id, '', text, sent_at from outbox where room = ? and sent_at >= ?"
            " and state = 'sent' order by id desc limit 200",
            [room, stamp(since)],
        ).fetchall()
        newest = sorted([*heard, *sent], key=lambda row: row[3], reverse=True)
        return [(row[0], row[1], row[2]) for row in newest]

    def unclaimed_pictures(self, room: str, sender: str, since: datetime) -> list[str]:
        """See storage.base."""
        rows = self._run(
            "select id from inbox where room = ? and sender = ? and at >= ? and ticket is null"
            " and kind in ('image', 'file') order by seq",
            [room, sender, stamp(since)],
        )
        return [row[0] for row in rows]

    def adopt(self, message_id: str, ticket: int) -> None:
        """See storage.base."""
        self._run("update inbox set ticket = ? where id = ?", [ticket, message_id])

    def want(self, message_id: str, at: datetime) -> None:
        """See storage.base."""
        self._run(
            "insert into attachments"
            " select id, room, kind, 'wanted', '', '', 0, 0, ?, '' from inbox where id = ?"
            " on conflict do nothing",
            [stamp(at), message_id],
        )

    def wanted(self, now: datetime) -> list[Attachment]:
        """See storage.base."""
        sql = "select * from attachments where state = 'wanted' and again <= ? order by again"
        return [read_attachment(row) for row in self._run(sql, [stamp(now)])]

    def attachment(self, message_id: str) -> Attachment | None:
        """See storage.base."""
        row = self._run("select * from attachments where message = ?", [message_id]).fetchone()
        return read_attachment(row) if row else None

    def attachments_of(self, ticket: int) -> list[Attachment]:
        """See storage.base."""
        sql = (
            "select a.* from inbox i join attachments a on a.message = i.id"
            " where i.ticket = ? order by i.seq"
        )
        return [read_attachment(row) for row in self._run(sql, [ticket])]

    def keep_attachment(self, attachment: Attachment) -> bool:
        """See storage.base."""
        a = attachment
        changed = self._run(
            "update attachments set state = ?, name = ?, path = ?, size = ?, tries = ?, again = ?,"
            " why = ? where message = ? and state = 'wanted'",
            [a.state, a.name, a.path, a.size, a.tries, stamp(a.again), a.why, a.message],
        )
        return bool(changed.rowcount)
