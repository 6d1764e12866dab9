"""The simulator's channel: a network that lives on one web page; its groups are the roster's."""

from __future__ import annotations

from bot.channels.base import Abilities
from bot.models import Send


class Simulator:
    """Takes what the bot says; the page reads it from the store."""

    abilities = Abilities(pictures=False, paced=False)  # the page draws charts itself

    async def send(self, send: Send, key: str, picture: bytes | None = None) -> str:
        """Deliver at once: the store has the message already, and the page draws the chart."""
        del send, picture
        return f"bot-{key}"
