"""The channel of a replay: it writes down what would have been said."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from bot.channels.base import Abilities, AccountState, File, GoneError, Line, Receive
from bot.models import Send

_LINE = Line("recorder", Abilities(paced=False))


class Recorder:
    """Hands each message to ``write`` with the id that it can be quoted by."""

    def __init__(self, write: Callable[[str, Send], None]) -> None:
        self._write = write

    async def run(self, receive: Receive) -> None:
        """See bot.channels.base; the transcript is read by the replay itself."""
        del receive
        await asyncio.Event().wait()

    def line(self, send: Send) -> Line:
        """See bot.channels.base."""
        del send
        return _LINE

    async def send(self, send: Send, key: str, files: Sequence[File] = ()) -> str:
        """Write a message down; its id is ``b`` and its place in the order of sending."""
        del files
        sent_id = f"b{key}"
        self._write(sent_id, send)
        return sent_id

    async def fetch(self, message_id: str, room: str | None, largest: int) -> File:
        """See bot.channels.base."""
        del message_id, room, largest
        raise GoneError("聊天记录里没有图片")

    def states(self) -> Sequence[AccountState]:
        """See bot.channels.base."""
        return (AccountState("recorder", working=True),)
