"""Whose group is this, who is this person: 绑定, 认证, 解绑. Pure; codes are looked up before."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

from bot.models import (
    Code,
    Command,
    Decision,
    Grid,
    PersonBinding,
    Reason,
    Role,
    RoomBinding,
)
from handlers import replies_binding as replies
from handlers.commands import parse
from handlers.rights import may_bind
from handlers.roster import Roster
from handlers.scene import Scene, say, to_room

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""What codes are made of: nothing that looks like something else."""
LENGTH = 8

_CODE = re.compile(rf"[{ALPHABET}]{{{LENGTH}}}")
_IN_TEXT = re.compile(
    rf"(?<![A-Z0-9])([{ALPHABET}]{{4}})\s?[–—-]?\s?([{ALPHABET}]{{4}})(?![A-Z0-9])"
)


def code_in(text: str) -> str:
    """Return the code that a text holds ("认证 8k3q-7pma"), normalised; empty if none."""
    found = _IN_TEXT.search(_half(text).upper())
    return found[1] + found[2] if found else ""


def ordered(text: str) -> Command | None:
    """Return the command of this file that a text is; what a group of no grid may say."""
    command = parse(text)
    return command if command and command.name == "bind" else None


def secret(command: Command) -> str:
    """Return the normalised code of a command, empty if it has none. It needn't be well formed:
    what was never given out is never found."""
    return _parts(command)[1]


def bind(scene: Scene, command: Command) -> Decision:
    """Bind the group or the speaker, by a code; or unbind the group."""
    text = _half(command.args.get("text", ""))
    if text.startswith("解绑"):
        return _unbind(scene, text.removeprefix("解绑").strip())
    grid, code = _parts(command)
    good = scene.code
    if not text:
        return say(scene, replies.HOW)
    if good and good.kind == "person" and grid in {"", good.grid}:
        return _authenticate(scene, good)
    if grid or _grid(scene.roster, text):
        return _bind(scene, grid or text, code if grid else "")
    if good:
        return say(scene, replies.code_of_group(good.grid))
    return say(scene, replies.BAD_CODE if _CODE.fullmatch(code) else replies.neither(text))


def stranger(scene: Scene) -> Decision:
    """Answer who calls the bot in a group of no grid."""
    return say(scene, replies.stranger(scene.lost_grid))


def rebound(roster: Roster, bindings: Iterable[RoomBinding | PersonBinding]) -> Roster:
    """Return the roster as bindings that were decided on it leave it."""
    for binding in bindings:
        if isinstance(binding, PersonBinding):
            roster = roster.with_person(binding.person, binding.roles)
        else:
            roster = roster.with_room(binding.grid, binding.room)
    return roster


def named(roster: Roster, grid: str, name: str) -> tuple[Role, ...]:
    """Return the roles at that very grid of whoever has exactly that name."""
    return tuple(role for role in roster.people_at(grid) if role.name == name)


def namesakes(roles: Sequence[Role]) -> bool:
    """Return whether roles under one name are more than one person's, by their ids or phones."""
    ids = {role.person for role in roles if role.person}
    phones = {role.phone for role in roles if role.phone}
    return len(ids) > 1 or (not ids and len(phones) > 1)


def _half(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip()


def _parts(command: Command) -> tuple[str, str]:
    """Return the grid's code and the normalised one-time code; each may be empty."""
    words = _half(command.args.get("text", "")).split()
    for start in (0, len(words) - 1, len(words) - 2):
        code = _normalised(words[start:]) if 0 <= start < len(words) else ""
        if _CODE.fullmatch(code):
            return " ".join(words[:start]), code
    return (words[0], _normalised(words[1:])) if len(words) > 1 else ("", _normalised(words))


def _normalised(words: Sequence[str]) -> str:
    return re.sub(r"[\s–—-]", "", "".join(words)).upper()


def _grid(roster: Roster, code: str) -> Grid | None:
    return roster.grid(code) or roster.grid(code.upper())


def _bind(scene: Scene, grid_code: str, code: str) -> Decision:
    grid, room = _grid(scene.roster, grid_code), scene.message.room
    if grid is None:
        return say(scene, replies.no_such_grid(grid_code))
    if room is None:
        return say(scene, replies.IN_ITS_GROUP)
    if grid.room == room:
        return say(scene, replies.already_bound(grid))
    if not code:
        return say(scene, replies.need_code(grid))
    if scene.grid:
        return say(scene, replies.anothers(scene.grid))
    return _bind_with(scene, grid, room)


def _bind_with(scene: Scene, grid: Grid, room: str) -> Decision:
    code = scene.code
    if code is None or code.kind != "room" or code.grid != grid.code:
        return say(scene, replies.BAD_CODE)
    if not may_bind(scene.roles, grid.code, scene.roster):
        return say(scene, replies.authenticate_first(grid))
    done = RoomBinding(grid.code, room, scene.message.sender, code.digest)
    told = to_room(grid.room, Reason.NOTICE, replies.no_longer(grid))
    answer = say(scene, replies.bound(grid))
    return Decision(sends=(*answer.sends, *told), bindings=(done,))


def _authenticate(scene: Scene, code: Code) -> Decision:
    me, roster = scene.message.sender, scene.roster
    roles = named(roster, code.grid, code.name)
    if not roles or namesakes(roles):
        return say(scene, replies.GONE)
    old = next((role.person for role in roles if role.person), "")
    if old == me and all(role.person == me for role in roles):
        return say(scene, replies.already(roles, roster))
    replaced = old not in {"", me}
    follow = roster.roles_of(old) if replaced else ()
    # by identity: two equal rows are still two rows
    changed = tuple({id(r): r for r in (*roles, *follow) if r.person != me}.values())
    done = PersonBinding(me, changed, old if replaced else "", me, code.digest)
    answer = say(scene, replies.authenticated(changed, roster, replaced))
    return Decision(sends=answer.sends, bindings=(done,))


def _unbind(scene: Scene, grid_code: str) -> Decision:
    here = scene.grid
    if scene.message.room is None:
        return say(scene, replies.IN_ITS_GROUP)
    if not grid_code:
        return say(scene, replies.UNBIND_WHICH.format(here.code if here else "网格编码"))
    grid = _grid(scene.roster, grid_code)
    if grid is None:
        return say(scene, replies.no_such_grid(grid_code))
    if here is None or here.code != grid.code:
        return say(scene, replies.not_its_group(grid))
    if not may_bind(scene.roles, grid.code, scene.roster):
        return say(scene, replies.may_not_unbind(grid))
    done = RoomBinding(grid.code, "", scene.message.sender)
    return Decision(sends=say(scene, replies.unbound(grid)).sends, bindings=(done,))
