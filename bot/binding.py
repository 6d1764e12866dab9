"""What the operator does for groups and people: `jiedan bind-code` and `jiedan unbind`."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Callable
from datetime import timedelta
from difflib import get_close_matches
from uuid import uuid4

from bot.app import ROSTER_VERSION, open_store
from bot.clock import machine
from bot.config import Config
from bot.models import Code, Grid, PersonBinding, Role, RoomBinding
from handlers.bind import ALPHABET, LENGTH, named, namesakes
from handlers.roster import Roster
from storage.base import Session

LONGEST = 24 * 365
"""Hours that a code may stay good."""


class _NotThereError(Exception):
    """What was asked for isn't in the roster; the text is one clear line."""


async def give_code(config: Config, grid: str, person: str, hours: int) -> int:
    """Make a one-time code for a grid's group, or for a person there; return the exit code."""
    return await _work(config, lambda session: _given(session, grid, person, hours))


async def unbind(config: Config, grid: str, person: str) -> int:
    """Part a grid and its group, or a person there and the account; return the exit code."""
    return await _work(config, lambda session: _unbound(session, grid, person))


async def _work(config: Config, work: Callable[[Session], str]) -> int:
    store = open_store(config.storage.url)
    try:
        print(await store.transact(work))
    except _NotThereError as error:
        print(error, file=sys.stderr)
        return 2
    finally:
        await store.close()
    return 0


def _given(session: Session, grid_code: str, person: str, hours: int) -> str:
    roster = Roster(*session.load_roster())
    grid = _grid(roster, grid_code)
    if person:
        roles = _roles(roster, grid, person)
        if namesakes(roles):
            raise _NotThereError(f"{grid.name}有几位{person}，分不清，请先在名册里给姓名加上区别")
    code = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    now = machine()
    kind = "person" if person else "room"
    about = Code(kind, grid.code, person, now, now + timedelta(hours=hours))
    session.keep_code(code, about)
    shown = f"{code[:4]}-{code[4:]}"
    words = f"认证 {shown}" if person else f"绑定 {grid.code} {shown}"
    where = f"请{person}在群里或私信里发" if person else "在群里发"
    return f"{shown}\n{where}：{words}（{hours}小时内有效，只能用一次）"


def _unbound(session: Session, grid_code: str, person: str) -> str:
    roster = Roster(*session.load_roster())
    grid = _grid(roster, grid_code)
    now = machine()
    if person:
        roles = _roles(roster, grid, person)
        session.bind(PersonBinding("", roles, by="operator"), now)
        done = f"{grid.name}的{person}解绑了，原来的账号在这里不再算数。"
    else:
        session.bind(RoomBinding(grid.code, "", by="operator"), now)
        done = f"{grid.name}的群解绑了。"
    session.keep_setting(ROSTER_VERSION, uuid4().hex)
    return done


def _grid(roster: Roster, code: str) -> Grid:
    grid = roster.grid(code)
    if grid is None:
        near = get_close_matches(code, [g.code for g in roster.grids], cutoff=0.5)
        hint = f"，相近的有 {'、'.join(near)}" if near else ""
        raise _NotThereError(f"名册里没有网格 {code}{hint}")
    return grid


def _roles(roster: Roster, grid: Grid, name: str) -> tuple[Role, ...]:
    roles = named(roster, grid.code, name)
    if not roles:
        there = list(dict.fromkeys(role.name for role in roster.people_at(grid.code)))[:5]
        hint = f"，那里有{'、'.join(there)}" if there else ""
        raise _NotThereError(f"名册里，{name}在{grid.name}没有角色{hint}")
    return roles
