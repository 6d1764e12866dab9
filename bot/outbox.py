"""What goes out: lease, send, mark. In order within a room, one in flight a room."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from bot.channels.base import Channel, SendError
from bot.charts import draw
from bot.clock import Clock
from bot.models import Send
from bot.pace import Pace, breath
from handlers.categories import category_name
from storage.base import StorageError, Store, Waiting

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=60)
FIRST_RETRY = timedelta(seconds=5)
LONGEST_RETRY = timedelta(minutes=10)
"""Between tries at most; a message is never given up, `doctor` tells what waits long."""
_PARTING = 5.0  # seconds that messages in flight get when the program stops
_POLL = 0.5  # seconds between looks, should a wake-up be missed


class Outbox:
    """Empties the queue of outgoing messages through one channel."""

    def __init__(
        self,
        store: Store,
        channel: Channel,
        pace: Pace,
        clock: Clock,
        is_open: Callable[[datetime], bool] = lambda _: True,
    ) -> None:
        """``is_open`` tells whether what the timer says may go out at a moment."""
        self._store = store
        self._is_open = is_open
        self._channel = channel
        self._pace = pace
        self._clock = clock
        self._busy: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()
        self.delivered: Callable[[], None] = lambda: None
        """Called after a message is sent and marked."""

    def wake(self) -> None:
        """Look at the queue now."""
        self._wake.set()

    async def run(self) -> None:
        """Serve the queue until cancelled; storage in trouble is waited for."""
        released = False
        while True:
            self._wake.clear()
            try:
                if not released:
                    await self._store.transact(lambda s: s.release_all())
                    released = True
                await self._start_sends()
            except StorageError as error:
                log.error("%s", error)
            except Exception:
                # whatever it is, the next message must still find somebody to send it
                log.exception("the outbox met a fault and goes on")
            with contextlib.suppress(TimeoutError):
                # not wait_for: before Python 3.12 it may swallow the cancellation that stops us
                async with asyncio.timeout(_POLL):
                    await self._wake.wait()

    async def finish(self) -> None:
        """Let messages in flight arrive and be marked, so that a stop repeats none."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=_PARTING)

    async def drain(self) -> None:
        """Send all that waits, one after the other; the replay's way."""
        while waiting := await self._waiting(self._clock()):
            for row in sorted(waiting, key=lambda row: row.id):
                await self._deliver([row.id], row.send, row.attempts)

    async def _waiting(self, now: datetime) -> list[Waiting]:
        return await self._store.read(lambda s: s.waiting(now, self._is_open(now)))

    async def _start_sends(self) -> None:
        now = self._clock()
        if not self._pace.open(now):
            return
        rooms: dict[str, list[Waiting]] = {}
        for row in await self._waiting(now):
            rooms.setdefault(_address(row.send), []).append(row)
        for room, rows in rooms.items():
            if room in self._busy or not self._pace.may(room, now):
                continue
            ids, send = self._next_of(rows)
            await self._store.transact(lambda s, i=ids: s.take(i, now + LEASE))  # type: ignore[misc]
            self._pace.spend(room, now)
            self._busy.add(room)
            task = asyncio.create_task(self._deliver_to(room, ids, send, rows[0].attempts))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _next_of(self, rows: list[Waiting]) -> tuple[Sequence[int], Send]:
        if self._channel.abilities.paced:
            return breath(rows)
        return [rows[0].id], rows[0].send

    async def _deliver_to(self, room: str, ids: Sequence[int], send: Send, attempts: int) -> None:
        try:
            await self._deliver(ids, send, attempts)
        except StorageError as error:
            # Sent but not marked: the lease runs out and it goes again, the one repeat allowed.
            log.error("%s", error)
        finally:
            self._busy.discard(room)
            self.wake()

    async def _deliver(self, ids: Sequence[int], send: Send, attempts: int) -> None:
        # a breath that grew between two tries is another message, not a repeat of the first
        key = str(ids[0]) if len(ids) == 1 else f"{ids[0]}+{ids[-1]}"
        try:
            sent_id = await self._channel.send(send, key, await self._picture(send))
        except SendError as error:
            await self._failed(ids, str(error), attempts)
            return
        except Exception as error:
            log.exception("send %s met a fault of the channel", key)
            await self._failed(ids, type(error).__name__, attempts)
            return
        now = self._clock()
        await self._store.transact(lambda s: s.sent(ids, sent_id, now))
        self.delivered()

    async def _failed(self, ids: Sequence[int], why: str, attempts: int) -> None:
        again = self._clock() + min(FIRST_RETRY * 2 ** min(attempts, 10), LONGEST_RETRY)
        log.warning("send %s failed and will be tried again", ids[0])
        await self._store.transact(lambda s: s.failed(ids, why, again))

    async def _picture(self, send: Send) -> bytes | None:
        if not send.chart or not self._channel.abilities.pictures:
            return None
        try:
            return await asyncio.to_thread(draw, send.chart, category_name)
        except Exception:
            log.exception("a chart could not be drawn; its digest goes without it")
            return None


def _address(send: Send) -> str:
    return f"room {send.room}" if send.room is not None else f"person {send.to}"
