"""Several networks as one: who is meant tells which."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from bot.channels.base import AccountState, Channel, File, Line, Receive
from bot.models import Send


class Switchboard:
    """Takes an address that begins with ``<prefix>:`` to that network, and all else to ``main``."""

    def __init__(self, main: Channel, others: Mapping[str, Channel]) -> None:
        self._main = main
        self._others = dict(others)

    async def run(self, receive: Receive) -> None:
        """See bot.channels.base."""
        async with asyncio.TaskGroup() as networks:
            for network in (self._main, *self._others.values()):
                networks.create_task(network.run(receive))

    def line(self, send: Send) -> Line | None:
        """See bot.channels.base."""
        return self._network(send).line(send)

    async def send(self, send: Send, key: str, files: Sequence[File] = ()) -> str:
        """See bot.channels.base."""
        return await self._network(send).send(send, key, files)

    async def fetch(self, message_id: str, room: str | None, largest: int) -> File:
        """See bot.channels.base; only the main network hears."""
        return await self._main.fetch(message_id, room, largest)

    def states(self) -> Sequence[AccountState]:
        """See bot.channels.base."""
        return [s for network in (self._main, *self._others.values()) for s in network.states()]

    def _network(self, send: Send) -> Channel:
        address = send.room if send.room is not None else send.to or ""
        prefix, colon, _ = address.partition(":")
        return self._others.get(prefix, self._main) if colon else self._main
