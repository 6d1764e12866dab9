"""The program on a file that may be damaged, in a process of its own: it serves, or says why not.

A process of its own because of what may go wrong: a loop is ended by its clock, a fault of memory
ends it alone. It is forked from one that has loaded the program.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import traceback
from dataclasses import dataclass, replace
from datetime import timedelta
from multiprocessing.connection import Connection

from bot.app import App, build, get_ready, open_store, present, promises_of, running
from bot.clock import SetClock
from bot.config import Config, RatesConfig
from bot.models import Message
from handlers.triage import Triage
from storage.base import StorageError
from tests.conftest import moment
from tests.network import Network

LONGEST = 20  # seconds
LATER = moment("+1 10:00")
CONFIG = replace(Config(), rates=RatesConfig(0, 0, 0, timedelta(0)))


@dataclass(frozen=True)
class Told:
    """What a process told: it served, or its refusal in one line, or its fault; and its log."""

    refused: str = ""
    fault: str = ""
    log: tuple[str, ...] = ()


class _Lines(logging.Handler):
    """Keeps what is logged, as it would be written."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


def _load() -> None:
    Triage().understand("3栋的路灯坏了")
    promises_of(Config()).calendar.next_open(moment("20:00"))


_load()


def serve(url: str, pipe: Connection) -> None:
    """Serve a report, its whole way, a day's deadlines, a digest and an audit; tell how it went."""
    signal.alarm(LONGEST)
    log = _Lines()
    logging.getLogger().addHandler(log)
    refused = fault = ""
    try:
        asyncio.run(_serve(url))
    except StorageError as error:
        refused = str(error)
    except BaseException:
        fault = traceback.format_exc()
    pipe.send(Told(refused, fault, tuple(log.lines)))


async def _serve(url: str) -> None:
    with present(url) as worker:
        store = open_store(url)
        try:
            roster = await get_ready(store, CONFIG)
            clock = SetClock(LATER)
            app = build(CONFIG, store, roster, Network(), clock, worker)
            app.auditor.patience = 0.0
            async with running(app):
                await _day(app, clock)
        finally:
            await store.close()


async def _day(app: App, clock: SetClock) -> None:
    await _say(app, clock, "new0", "new", "9栋的路灯坏了")
    (number,) = [t.number for t in await app.store.read(lambda s: s.of_person("new", clock()))]
    await _say(app, clock, "new1", "u-1", f"接单 {number}")
    await _say(app, clock, "new2", "u-1", f"办结 {number} 换了灯泡")
    await _say(app, clock, "new3", "new", f"满意 {number}")
    for _ in range(3):
        clock.now += timedelta(hours=9)
        await app.tick()
        await app.auditor.audit()
    await asyncio.wait_for(app.outbox.drain(), LONGEST)


async def _say(app: App, clock: SetClock, id_: str, who: str, text: str) -> None:
    await app.pipeline.receive(Message(id_, clock(), "R-1", who, who, text=text))
