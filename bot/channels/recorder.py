"""The channel of a replay: it writes down what would have been said."""

from __future__ import annotations

from collections.abc import Callable

from bot.channels.base import Abilities
from bot.models import Send


class Recorder:
    """Hands each message to ``write`` with the id that it can be quoted by."""

    abilities = Abilities(pictures=False, paced=False)

    def __init__(self, write: Callable[[str, Send], None]) -> None:
        self._write = write

    async def send(self, send: Send, key: str, picture: bytes | None = None) -> str:
        """Write a message down; its id is ``b`` and its place in the order of sending."""
        del picture
        sent_id = f"b{key}"
        self._write(sent_id, send)
        return sent_id
