"""The roster, fixed-time jobs and settings; promises in storage.base.Session."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from bot.models import Grid, Level, Role, RoleKind
from storage.bindings import BindingsPart
from storage.part import upsert
from storage.rows import moment_of, stamp

_FIRED = upsert("jobs", ("name", "fired_at"), ("name",))
_KEEP = upsert("settings", ("key", "value"), ("key",))


class OfficePart(BindingsPart):
    """What changes seldom."""

    def fired(self, job: str) -> datetime | None:
        """See storage.base."""
        row = self._run("select fired_at from jobs where name = ?", [job]).fetchone()
        return moment_of(row[0]) if row else None

    def set_fired(self, job: str, at: datetime) -> None:
        """See storage.base."""
        self._run(_FIRED, [job, stamp(at)])

    def setting(self, key: str) -> str:
        """See storage.base."""
        row = self._run("select value from settings where key = ?", [key]).fetchone()
        return str(row[0]) if row else ""

    def keep_setting(self, key: str, value: str) -> None:
        """See storage.base."""
        self._run(_KEEP, [key, value])

    def load_roster(self) -> tuple[list[Grid], list[Role]]:
        """See storage.base."""
        levels = {level.value: level for level in Level}  # a look-up is quicker than Level(value)
        kinds = {kind.value: kind for kind in RoleKind}
        grids = [
            Grid(code, name, levels[level], parent, room)
            for code, name, level, parent, room in self._run(
                "select code, name, level, parent, room from grids_now order by place"
            )
        ]
        roles = [
            Role(person, name, kinds[kind], grid, phone)
            for person, name, kind, grid, phone in self._run(
                "select person, name, kind, grid, phone from roles_now order by id"
            )
        ]
        return grids, roles

    def save_roster(self, grids: Iterable[Grid], roles: Iterable[Role]) -> None:
        """See storage.base."""
        grids, roles = list(grids), list(roles)
        self._hear_files(grids, roles)
        self._run("delete from grids")
        self._run("delete from roles")
        self._many(
            "insert into grids (code, name, level, parent, room) values (?, ?, ?, ?, ?)",
            ((g.code, g.name, g.level, g.parent, g.room) for g in grids),
        )
        self._many(
            "insert into roles (person, name, kind, grid, phone) values (?, ?, ?, ?, ?)",
            ((r.person, r.name, r.kind, r.grid, r.phone) for r in roles),
        )
        self._run(
            "update tickets set room = (select room from grids_now where code = home)"
            " where ended_at is null and exists (select 1 from grids_now where code = home"
            " and room != '' and room != tickets.room)"
        )

    def uprooted(self) -> list[tuple[int, str]]:
        """See storage.base."""
        rows = self._run(
            "select number, path from tickets where ended_at is null and"
            " (grid not in (select code from grids) or home not in (select code from grids))"
        )
        return [(row[0], row[1]) for row in rows]

    def replant(self, number: int, grid: Grid) -> None:
        """See storage.base."""
        here = "case when grid in (select code from grids) then {0} else ? end"
        self._run(
            f"update tickets set level = {here.format('level')}, grid = {here.format('grid')},"
            " home = case when home in (select code from grids) then home else ? end"
            " where number = ?",
            [grid.level, grid.code, grid.code, number],
        )
