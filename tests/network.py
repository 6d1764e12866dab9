"""A network in memory: takes what the bot says, refusing and dawdling as told."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from bot.channels.base import Abilities, AccountState, File, GoneError, Line, Receive, SendError
from bot.models import Send


class Network:
    """Notes what was said, and how many messages were in flight in a room at once."""

    def __init__(self, failing: int = 0, error: SendError | None = None, **can: object) -> None:
        self.abilities = Abilities(**can)  # type: ignore[arg-type]
        self.failing = failing
        self.error = error or SendError("断线")
        self.sends: list[Send] = []
        self.files: list[Sequence[File]] = []
        self.most = 0
        self.slow: dict[str, float] = {}
        self._now: dict[str | None, int] = {}

    @property
    def said(self) -> list[tuple[str | None, str]]:
        return [(send.room, send.text) for send in self.sends]

    async def run(self, receive: Receive) -> None:
        del receive
        await asyncio.Event().wait()

    def line(self, send: Send) -> Line | None:
        """Rooms that begin with another letter are another account's; nobody is in room Z."""
        return None if send.room == "Z" else Line((send.room or "R")[0], self.abilities)

    async def send(self, send: Send, key: str, files: Sequence[File] = ()) -> str:
        self._now[send.room] = self._now.get(send.room, 0) + 1
        self.most = max(self.most, self._now[send.room])
        await asyncio.sleep(self.slow.get((send.room or "R")[0], 0.001))
        self._now[send.room] -= 1
        if self.failing:
            self.failing -= 1
            raise self.error
        self.sends.append(send)
        self.files.append(files)
        return f"n{key}"

    async def fetch(self, message_id: str, room: str | None, largest: int) -> File:
        raise GoneError("nothing here")

    def states(self) -> Sequence[AccountState]:
        return (AccountState("R", working=True),)
