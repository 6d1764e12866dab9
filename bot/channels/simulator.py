"""The simulator's channel: a network that lives on one web page; its groups are the roster's."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from bot.channels.base import Abilities, AccountState, File, GoneError, Line, Receive
from bot.models import Message, Send

_LINE = Line("simulator", Abilities(idempotent=True, paced=False))


class Simulator:
    """Takes what the bot says; the page reads it from the store, and draws charts itself."""

    def __init__(self) -> None:
        self._receive: Receive | None = None

    async def run(self, receive: Receive) -> None:
        """See bot.channels.base; what people say comes by :meth:`hear`."""
        self._receive = receive
        await asyncio.Event().wait()

    async def hear(self, message: Message) -> object:
        """Hand over what somebody says on the page; return what became of it."""
        while self._receive is None:
            await asyncio.sleep(0)
        return await self._receive(message)

    def line(self, send: Send) -> Line:
        """See bot.channels.base."""
        del send
        return _LINE

    async def send(self, send: Send, key: str, files: Sequence[File] = ()) -> str:
        """Deliver at once: the store has the message already, and the page shows it."""
        del send, files
        return f"bot-{key}"

    async def fetch(self, message_id: str, room: str | None, largest: int) -> File:
        """See bot.channels.base; the page's pictures are words only."""
        del message_id, room, largest
        raise GoneError("模拟器里没有真的图片")

    def states(self) -> Sequence[AccountState]:
        """See bot.channels.base."""
        return (AccountState("simulator", working=True),)
