"""A worker as a process: `python -m tests.torture.worker URL AHEAD`, on a network of its own that
prints what it delivers. AHEAD is in seconds, so that it is working time whenever tests run."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from bot import logs
from bot.app import build, open_store, present, running
from bot.channels.base import AccountState, File
from bot.clock import ShiftedClock
from bot.config import Config, RatesConfig
from bot.models import Send
from handlers.roster import Roster
from tests.network import Network

ACCOUNTS = ("A", "B", "C", "D")


class Four(Network):
    """Four accounts; a group is the account's whose letter its name begins with."""

    async def send(self, send: Send, key: str, files: Sequence[File] = ()) -> str:
        sent_id = await super().send(send, key, files)
        print("sent", send.room, key, flush=True)
        return sent_id

    def states(self) -> Sequence[AccountState]:
        return tuple(AccountState(name, working=True) for name in ACCOUNTS)


async def main(url: str, ahead: float) -> None:
    logs.set_up()
    with present(url) as worker:
        store = open_store(url)
        roster = Roster(*await store.read(lambda s: s.load_roster()))
        config = replace(Config(), rates=RatesConfig(0, 0, 0, timedelta(0)))
        clock = ShiftedClock(timedelta(seconds=ahead))
        app = build(config, store, roster, Four(paced=False), clock, worker)
        stop = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
        print("ready", worker.name, flush=True)
        async with running(app):
            await stop.wait()
        await store.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], float(sys.argv[2])))
