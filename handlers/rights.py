"""Who may do what. Pure; the rule: role and grid decide, nicknames never.

A grid's leader, deputy and members act on what it holds, and so do the leaders and deputies of
the chain above it. The reporter, and whoever joined, answer for the outcome.
"""

from __future__ import annotations

from bot.models import Happened, Role, RoleKind, Ticket
from handlers.roster import Roster

_HEADS = frozenset({RoleKind.LEADER, RoleKind.DEPUTY})
_HANDS = _HEADS | {RoleKind.MEMBER}

_BY_HANDS = frozenset({Happened.CLAIMED})
_BY_HANDLER = frozenset({
    Happened.PROGRESS, Happened.RESOLVED, Happened.SUSPENDED, Happened.RESUMED,
    Happened.ESCALATED, Happened.RETURNED, Happened.TRANSFERRED, Happened.RECLASSIFIED,
})  # fmt: skip
_BY_AUDIENCE = frozenset({Happened.CONFIRMED, Happened.REOPENED})


def is_head(roles: tuple[Role, ...], grid: str, roster: Roster) -> bool:
    """Return whether one of the roles leads ``grid`` or a grid above it."""
    return any(
        (r.kind in _HEADS and roster.contains(r.grid, grid))
        or (r.kind is RoleKind.ADMIN and r.grid != grid and roster.contains(r.grid, grid))
        for r in roles
    )


def may_bind(roles: tuple[Role, ...], grid: str, roster: Roster) -> bool:
    """Return whether one of the roles may say which group is ``grid``'s; nobody is above a city,
    so there its own admin may."""
    top = roster.parent(grid) is None
    admin = any(r.kind is RoleKind.ADMIN and r.grid == grid for r in roles)
    return (top and admin) or is_head(roles, grid, roster)


def is_hand(roles: tuple[Role, ...], grid: str, roster: Roster) -> bool:
    """Return whether one of the roles may take a ticket that ``grid`` holds."""
    member = any(r.kind in _HANDS and r.grid == grid for r in roles)
    return member or is_head(roles, grid, roster)


def may(
    what: Happened, ticket: Ticket, person: str, roles: tuple[Role, ...], roster: Roster
) -> bool:
    """Return whether a person may do this to this ticket."""
    if what in _BY_AUDIENCE:
        return person in ticket.audience
    if what is Happened.CANCELLED:
        return person == ticket.reporter
    if what in _BY_HANDS:
        return is_hand(roles, ticket.grid, roster)
    if what in _BY_HANDLER and person == ticket.handler:
        return True
    if what in {Happened.PROGRESS, Happened.RESOLVED} and not ticket.handler:
        return is_hand(roles, ticket.grid, roster)
    return is_head(roles, ticket.grid, roster)


def sees(ticket: Ticket, person: str, room: str | None, roles: tuple[Role, ...],
         roster: Roster) -> bool:  # fmt: skip
    """Return whether a person may read this ticket here."""
    in_its_room = room is not None and room == ticket.room
    theirs = person in ticket.audience or person == ticket.handler
    return in_its_room or theirs or any(
        roster.contains(r.grid, ticket.home) for r in roles
    )  # fmt: skip


def speaks_as(person: str, roles: tuple[Role, ...], grid: str | None, own: list[Ticket],
              roster: Roster) -> str:  # fmt: skip
    """Return the speaker's role in the words of the triage contract.

    ``own`` are tickets the person reported or joined. A leader stays a leader; a member with a
    ticket waiting for an answer speaks as its reporter.
    """
    here = {r.kind for r in roles if r.grid == grid}
    for kind in (RoleKind.LEADER, RoleKind.DEPUTY):
        if kind in here:
            return kind
    if any(t.state == "resolved" for t in own):
        return "reporter"
    if RoleKind.MEMBER in here:
        return "member"
    if grid and is_head(roles, grid, roster):
        return "officer"
    return "reporter" if own else "neighbour"
