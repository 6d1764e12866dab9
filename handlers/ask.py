"""Questions to the bot: 查询, 我的待办, 帮助. Pure."""

from __future__ import annotations

from bot.models import NOTHING, Command, Decision, State, Ticket
from handlers import replies
from handlers.rights import sees
from handlers.scene import Scene, answer, say


def query(scene: Scene, command: Command) -> Decision:
    """Say how a ticket stands: the one named or quoted, or the speaker's own."""
    if command.args.get("text") == "mine":
        return todo(scene)
    named = command.args.get("ticket")
    if named:
        found = [scene.named] if scene.named and _sees(scene, scene.named) else []
    else:
        found = list(scene.quoted) or [
            t for t in scene.tickets if scene.message.sender in t.audience
        ]
    if not found and not named and not command.explicit:
        return NOTHING  # "那边怎么样了" is also just talk
    if not found and scene.roles and not named:
        return todo(scene)
    if not found:
        return say(scene, replies.no_such(named) if named else replies.NO_TICKETS)
    lines = [replies.status(t, _holder(scene, t), scene.now) for t in found[-8:]]
    return Decision(sends=(answer(scene, "\n".join(lines), *(t.number for t in found[-8:])),))


def todo(scene: Scene) -> Decision:
    """List what the speaker has taken and what waits at the grids they answer for."""
    states = {State.OPEN, State.CLAIMED, State.SUSPENDED}
    mine = [t for t in scene.tickets if t.state in states and _concerns(scene, t)]
    mine.sort(key=lambda t: (t.deadline is None, t.deadline.due if t.deadline else t.created_at))
    numbers = tuple(t.number for t in mine[:15])
    return Decision(sends=(answer(scene, replies.todo(mine, scene.now), *numbers),))


def _concerns(scene: Scene, ticket: Ticket) -> bool:
    at = {r.grid for r in scene.roles if r.kind in {"leader", "deputy", "member"}}
    mine = ticket.handler == scene.message.sender
    return mine or (ticket.grid in at and not ticket.handler)


def help_(scene: Scene, command: Command) -> Decision:
    """Show the card."""
    del command
    return Decision(sends=(answer(scene, replies.HELP),))


def _holder(scene: Scene, ticket: Ticket) -> str:
    grid = scene.roster.grid(ticket.grid)
    return grid.name if grid else ticket.grid


def _sees(scene: Scene, ticket: Ticket) -> bool:
    message = scene.message
    return sees(ticket, message.sender, message.room, scene.roles, scene.roster)
