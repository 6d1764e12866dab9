"""The program as a process to be killed: hears messages, tells which are acknowledged and sent.

The processes are forked from one that has loaded the program: a `kill -9` each is what is tried, and
loading it a thousand times would try the machine's patience instead.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from multiprocessing.connection import Connection

from bot.app import App, build, open_store, promises_of
from bot.channels.base import File
from bot.clock import ShiftedClock, machine
from bot.config import Config, RatesConfig
from bot.models import Message, Send
from handlers.roster import Roster
from handlers.triage import Triage
from tests.conftest import moment
from tests.network import Network

_AT_ONCE = 8


def _load() -> None:
    """Load dictionaries and calendars, before any process is forked."""
    Triage().understand("3栋的路灯坏了")
    promises_of(Config()).calendar.next_open(moment("20:00"))


_load()


class Telling(Network):
    """A network that tells what it delivers."""

    def __init__(self, pipe: Connection) -> None:
        super().__init__(paced=False)
        self._pipe = pipe

    async def send(self, send: Send, key: str, files: Sequence[File] = ()) -> str:
        sent_id = await super().send(send, key, files)
        self._pipe.send(("sent", key))
        return sent_id


def work(url: str, messages: Sequence[tuple[str, str, str, str]], pipe: Connection) -> None:
    """Serve until all messages (id, room, sender, text) are handled and all answers sent."""
    asyncio.run(_work(url, messages, pipe))


async def _work(url: str, messages: Sequence[tuple[str, str, str, str]], pipe: Connection) -> None:
    store = open_store(url)
    roster = Roster(*await store.read(lambda s: s.load_roster()))
    config = replace(Config(), rates=RatesConfig(0, 0, 0, timedelta(0)))
    clock = ShiftedClock(moment("10:00") - machine())
    app = build(config, store, roster, Telling(pipe), clock)
    await app.duty.start()
    outbox = asyncio.create_task(app.outbox.run())
    pipe.send(("ready", ""))
    for start in range(0, len(messages), _AT_ONCE):
        some = messages[start : start + _AT_ONCE]
        await asyncio.gather(*(_receive(app, *said, pipe) for said in some))
    while await store.read(lambda s: s.first_waiting()):
        await asyncio.sleep(0.01)
    outbox.cancel()
    await store.close()
    pipe.send(("done", ""))


async def _receive(app: App, id_: str, room: str, sender: str, text: str, pipe: Connection) -> None:
    await app.pipeline.receive(Message(id_, app.clock(), room, sender, sender, text=text))
    pipe.send(("kept", id_))
