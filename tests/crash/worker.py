"""The program as a process to be killed: reads messages, says which are acknowledged and sent."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence

from bot.app import build, open_store
from bot.channels.base import File
from bot.clock import machine
from bot.config import Config
from bot.models import Message, Send
from handlers.roster import Roster
from tests.network import Network


class Stdout(Network):
    """A network that prints what it delivers."""

    async def send(self, send: Send, key: str, files: Sequence[File] = ()) -> str:
        sent_id = await super().send(send, key, files)
        print("sent", key, flush=True)
        return sent_id


async def main(url: str, lines: list[str]) -> None:
    store = open_store(url)
    roster = Roster(*await store.read(lambda s: s.load_roster()))
    app = build(Config(), store, roster, Stdout(paced=False), machine)
    await app.duty.start()
    outbox = asyncio.create_task(app.outbox.run())
    print("ready", flush=True)

    async def receive(line: str) -> None:
        id_, room, sender, text = line.split("|")
        await app.pipeline.receive(Message(id_, machine(), room, sender, sender, text=text))
        print("kept", id_, flush=True)

    for i in range(0, len(lines), 8):
        await asyncio.gather(*(receive(line) for line in lines[i : i + 8]))
    while await store.read(lambda s: s.first_waiting()):
        await asyncio.sleep(0.01)
    outbox.cancel()
    await store.close()
    print("done", flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.stdin.read().splitlines()))
