"""Who to call on for a ticket. Pure."""

from __future__ import annotations

from bot.models import Role, RoleKind
from handlers.roster import Roster


def takers(grid: str, roster: Roster) -> tuple[Role, ...]:
    """Return who should take what ``grid`` holds: its leaders, else deputies, else members, else
    the same of the next grid up; empty if there is nobody at all."""
    for node in roster.chain(grid):
        for kind in (RoleKind.LEADER, RoleKind.DEPUTY, RoleKind.MEMBER):
            found = roster.people_at(node.code, kind)
            if found:
                return found
    return ()


def mentions(roles: tuple[Role, ...]) -> tuple[str, ...]:
    """Return the user ids to mention; those not bound to an account are left out."""
    return tuple(dict.fromkeys(r.person for r in roles if r.person))


def names(roles: tuple[Role, ...]) -> str:
    """Return the names as one phrase."""
    return "、".join(dict.fromkeys(r.name for r in roles if r.name))
