"""The tree of grids and who does what in it. Pure.

Built once and only read afterwards; a whole city (41,000 grids, 100,000 roles) fits in memory, so
every question is answered from an index.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from copy import copy
from dataclasses import replace
from itertools import groupby
from operator import attrgetter
from typing import TypeVar

from bot.models import Grid, Level, Role, RoleKind

T = TypeVar("T", Grid, Role)
_NAMED = 3
"""How many names a warning gives."""


class Roster:
    """Grids and roles by every key that is asked for. Expects rows that have been checked: codes
    and rooms unique, parents known."""

    __slots__ = ("_below", "_grids", "_here", "_of", "_roles", "_rooms")

    def __init__(self, grids: Iterable[Grid], roles: Iterable[Role]) -> None:
        self._grids = {grid.code: grid for grid in grids}
        self._roles = tuple(roles)
        self._rooms = {grid.room: grid for grid in self._grids.values() if grid.room}
        self._below = _grouped(self._grids.values(), "parent")
        self._here = _grouped(self._roles, "grid")
        self._of = _grouped((role for role in self._roles if role.person), "person")

    @property
    def grids(self) -> tuple[Grid, ...]:
        """Every grid, in the order given."""
        return tuple(self._grids.values())

    @property
    def roles(self) -> tuple[Role, ...]:
        """Every role, in the order given."""
        return self._roles

    def grid(self, code: str) -> Grid | None:
        """Return the grid of that code."""
        return self._grids.get(code)

    def by_room(self, room: str) -> Grid | None:
        """Return the grid whose group that is."""
        return self._rooms.get(room)

    def parent(self, code: str) -> Grid | None:
        """Return the grid one level up; None for a city and for an unknown code."""
        grid = self._grids.get(code)
        return self._grids.get(grid.parent) if grid else None

    def chain(self, code: str) -> tuple[Grid, ...]:
        """Return the grid itself and all above it, up to the city; empty for an unknown code."""
        found: list[Grid] = []
        grid = self._grids.get(code)
        # Five levels at most, so that a circle in unchecked rows ends too.
        while grid and len(found) < len(Level):
            found.append(grid)
            grid = self._grids.get(grid.parent)
        return tuple(found)

    def path(self, code: str) -> str:
        """Return the codes from the city down to the grid, each followed by a slash."""
        return "".join(f"{grid.code}/" for grid in reversed(self.chain(code)))

    def below(self, code: str) -> Iterator[Grid]:
        """Yield the grids one level down, in the order given; of an empty code, the cities."""
        return iter(self._below.get(code, ()))

    def contains(self, ancestor: str, code: str) -> bool:
        """Tell whether ``code`` is ``ancestor`` or lies below it."""
        return any(grid.code == ancestor for grid in self.chain(code))

    def roles_of(self, person: str) -> tuple[Role, ...]:
        """Return what a chat user is, in the order given; nothing for an empty id."""
        return self._of.get(person, ())

    def people_at(self, code: str, *kinds: RoleKind) -> tuple[Role, ...]:
        """Return the roles at that very grid, in the order given; no ``kinds`` means all."""
        here = self._here.get(code, ())
        return tuple(role for role in here if role.kind in kinds) if kinds else here

    def find_person(self, name: str, code: str) -> tuple[Role, ...]:
        """Return the roles at that very grid of whoever has that name; if nobody has, of those
        whose name ends with it (春花 for 李春花). A person with two roles there comes twice."""
        here = self._here.get(code, ()) if name else ()
        exact = tuple(role for role in here if role.name == name)
        return exact or tuple(role for role in here if role.name.endswith(name))

    def with_room(self, code: str, room: str) -> Roster:
        """Return the roster with another group for a grid it has; an empty ``room`` unbinds.
        Shares what doesn't change: a city's roster is too big to be built anew for each group."""
        old = self._grids[code]
        new = replace(old, room=room)
        made = copy(self)
        made._grids = {**self._grids, code: new}
        made._rooms = dict(self._rooms)
        if self._rooms.get(old.room) is old:
            del made._rooms[old.room]
        if room:
            made._rooms[room] = new
        family = tuple(new if grid is old else grid for grid in self._below[old.parent])
        made._below = {**self._below, old.parent: family}
        return made

    def with_person(self, person: str, roles: Sequence[Role]) -> Roster:
        """Return the roster with these of its own roles given to a chat user; an empty ``person``
        unbinds. Shares what doesn't change."""
        new = {id(role): replace(role, person=person) for role in roles}
        made = copy(self)
        made._roles = tuple(new.get(id(role), role) for role in self._roles)
        made._here = dict(self._here)
        for code in {role.grid for role in roles}:
            made._here[code] = tuple(new.get(id(role), role) for role in self._here[code])
        made._of = dict(self._of)
        for old in {role.person for role in roles} - {""}:
            made._of[old] = tuple(role for role in self._of[old] if id(role) not in new)
        if person:
            made._of[person] = tuple(role for role in made._roles if role.person == person)
        return made

    def supervisors(self) -> tuple[Role, ...]:
        """Return every supervisor's role, in the order given."""
        return tuple(role for role in self._roles if role.kind is RoleKind.SUPERVISOR)


def _grouped(rows: Iterable[T], field: str) -> dict[str, tuple[T, ...]]:
    key = attrgetter(field)
    # Sorting is stable: within a group the order given stays.
    return {value: tuple(group) for value, group in groupby(sorted(rows, key=key), key=key)}


# what works, but badly


def warnings_of(roster: Roster) -> list[str]:
    """Say what a roster lacks that people will miss: one line a kind, with a count and the first
    names."""
    kinds = (_lacking(roster), _unbound(roster), _shared_ids(roster))
    return [_summed(what, names) for kind in kinds for what, names in kind if names]


def _lacking(roster: Roster) -> Iterator[tuple[str, list[str]]]:
    grids = roster.grids
    headless = [g.name for g in grids if not roster.people_at(g.code, RoleKind.LEADER)]
    yield "个网格没有网格长或书记，诉求会找不到人接", headless
    roomless = [g.name for g in grids if g.level is Level.MICROGRID and not g.room]
    yield "个微网格没有群号，收不到群里的话", roomless


def _unbound(roster: Roster) -> Iterator[tuple[str, list[str]]]:
    lost = [role.name for role in roster.roles if not roster.grid(role.grid)]
    yield "个人不在任何网格里", lost
    unbound = [role for role in roster.roles if not role.person]
    leaders = [role.name for role in unbound if role.kind is RoleKind.LEADER]
    yield "个网格长或书记没有微信号（id），@不到人", leaders
    supervisors = [role.name for role in unbound if role.kind is RoleKind.SUPERVISOR]
    yield "个督导没有微信号（id），收不到日报", supervisors


def _shared_ids(roster: Roster) -> Iterator[tuple[str, list[str]]]:
    names: dict[str, str] = {}
    for role in roster.roles:
        names.setdefault(role.person, role.name)
    shared = {r.person: None for r in roster.roles if r.person and names[r.person] != r.name}
    yield "个微信号（id）写给了不同姓名的人", list(shared)


def _summed(what: str, names: Sequence[str]) -> str:
    more = "等" if len(names) > _NAMED else ""
    return f"{len(names)} {what}：{'、'.join(names[:_NAMED])}{more}"
