"""One-time codes, and what was bound from inside the chat; promises in storage.base.Session.

The newest word wins. `grids` and `roles` hold what the last import said, `bound_rooms` and
`bound_people` what was said in the chat since. A file that says something new of a row drops the
row's binding; a file that repeats itself, or is silent, doesn't.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime

from bot.models import Code, Grid, PersonBinding, Role, RoomBinding
from storage.part import Part, upsert
from storage.rows import moment_of, stamp


def digest(code: str) -> str:
    """Return what is kept of a code."""
    return hashlib.sha256(code.encode()).hexdigest()


class BindingsPart(Part):
    """Codes, groups and people."""

    def keep_code(self, code: str, about: Code) -> None:
        """See storage.base."""
        self._run(
            "insert into codes values (?, ?, ?, ?, ?, ?, null, null)",
            [digest(code), about.kind, about.grid, about.name, stamp(about.created_at),
             stamp(about.expires_at)],
        )  # fmt: skip

    def code(self, code: str, now: datetime) -> Code | None:
        """See storage.base."""
        row = self._run(
            "select kind, grid, name, created_at, expires_at, digest from codes"
            " where digest = ? and used_at is null and expires_at > ?",
            [digest(code), stamp(now)],
        ).fetchone()
        if row is None:
            return None
        kind, grid, name, created, expires, kept = row
        return Code(kind, grid, name, moment_of(created), moment_of(expires), kept)

    def lost_grid(self, room: str) -> str:
        """See storage.base."""
        row = self._run(
            "select grid from bound_rooms where room = ? and grid not in (select code from grids)",
            [room],
        ).fetchone()
        return str(row[0]) if row else ""

    def bind(self, binding: RoomBinding | PersonBinding, at: datetime) -> None:
        """See storage.base."""
        if binding.code:
            self._use_up(binding.code, binding.by, at)
        if isinstance(binding, RoomBinding):
            self._bind_room(binding, at)
        else:
            self._bind_person(binding, at)

    def _use_up(self, code: str, by: str, at: datetime) -> None:
        done = self._run(
            "update codes set used_by = ?, used_at = ? where digest = ? and used_at is null",
            [by, stamp(at), code],
        )
        if done.rowcount != 1:
            raise LookupError("this code is used up")

    def _bind_room(self, binding: RoomBinding, at: datetime) -> None:
        grid, room = binding.grid, binding.room
        if room:  # one group, one grid
            self._run("delete from bound_rooms where room = ?", [room])
        self._run(
            upsert("bound_rooms", ("grid", "room", "by", "at"), ("grid",)),
            [grid, room, binding.by, stamp(at)],
        )
        self._run(
            "update tickets set room = ? where home = ? and ended_at is null and ? != ''",
            [room, grid, room],
        )

    def _bind_person(self, binding: PersonBinding, at: datetime) -> None:
        for role in binding.roles:
            self._run(
                "insert into bound_people (grid, name, was, person, by, at)"
                " select distinct grid, name, filed, ?, ?, ?"
                " from roles_now where grid = ? and name = ? and person = ?"
                " on conflict (grid, name, was) do update"
                " set person = excluded.person, by = excluded.by, at = excluded.at",
                [binding.person, binding.by, stamp(at), role.grid, role.name, role.person],
            )
        if binding.old:
            self._run(
                "update tickets set handler = ? where handler = ? and ended_at is null",
                [binding.person, binding.old],
            )

    def _hear_files(self, grids: Sequence[Grid], roles: Sequence[Role]) -> None:
        """Take what new files say against what was bound before; call it while the tables still
        hold the last import."""
        filed = dict(self._run("select code, room from grids").fetchall())
        kept = {grid.code for grid in grids}
        for code, room in filed.items():
            if room and code not in kept:  # the group of a grid that is gone can be told so
                self._run(
                    "insert into bound_rooms select ?, ?, '', ''"
                    " where not exists (select 1 from bound_rooms where room = ?)"
                    " on conflict do nothing",
                    [code, room, room],
                )
        for grid in grids:
            if grid.room and grid.room != filed.get(grid.code):
                self._run(
                    "delete from bound_rooms where grid = ? or room = ?", [grid.code, grid.room]
                )
        bound = {(grid, name) for grid, name in self._run("select grid, name from bound_people")}
        known = {tuple(row) for row in self._run("select grid, name, person from roles")}
        for role in roles:
            here = (role.grid, role.name)
            if role.person and here in bound and (*here, role.person) not in known:
                self._run("delete from bound_people where grid = ? and name = ?", here)
