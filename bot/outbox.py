"""What goes out: lease, send, mark. In order within a room, one in flight a room; of the accounts
that a network paces, one message at a time."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import PurePosixPath

from bot.attachments import Cabinet
from bot.channels.base import Channel, File, Hears, Line, SendError, UnsureError
from bot.charts import draw
from bot.clock import Clock
from bot.duty import Duty
from bot.models import Reason, Send
from bot.pace import Breath, Pace, breath, single
from handlers.categories import category_name
from storage.base import Queued, Session, StorageError, Store, Waiting

log = logging.getLogger(__name__)

FIRST_RETRY = timedelta(seconds=5)
LONGEST_RETRY = timedelta(minutes=10)
"""Between tries at most; a message is never given up, `doctor` tells what waits long."""
_UNSURE_TRIES = 2
"""Times at most that a message goes again of which nobody knows whether it arrived: a gateway that
answers too slowly delivers each."""
_PICTURES = 5.0  # seconds that pictures get to come, while the account says nothing else
UNSURE = "不知道送到没有；催办和日报不重发"
SETTLED = "还没送出去，事情已经有人管了"
MOST_PICTURES = 9
"""Pictures and files that go along with a ticket; as many as WeChat shows in one post."""
_ANSWERED = frozenset({
    Reason.CONFIRM, Reason.NUDGE, Reason.ESCALATE, Reason.ALERT, Reason.ANSWER,
})  # fmt: skip
_HOW_TO_ANSWER = {
    Hears.EVERYTHING: "",
    Hears.MENTIONS: "（回话请先@我）",
    Hears.NOTHING: "（这里听不到回话，请到有接单助手的群里回）",
}
_CHART = "chart.png"
_PARTING = 5.0  # seconds that messages in flight get when the program stops
_POLL = 0.5  # seconds between looks, should a wake-up be missed
_EASE = 4  # times as long as a look took, until the next one: a storm has many rows
_LONGEST_EASE = 1.0  # seconds: a look may have taken long only because something else was read
_IN_FLIGHT = 1000  # messages at most
_AT_ONCE = 40  # rows that may leave in one breath


class Outbox:
    """Empties the queue of outgoing messages through one channel."""

    def __init__(
        self,
        store: Store,
        channel: Channel,
        pace: Pace,
        clock: Clock,
        is_open: Callable[[datetime], bool] = lambda _: True,
        cabinet: Cabinet | None = None,
        duty: Duty | None = None,
    ) -> None:
        """``is_open`` tells whether what the timer says may go out at a moment; ``cabinet`` holds
        the pictures that go along; ``duty`` tells which accounts this worker speaks for, without
        one it does for all."""
        self._store = store
        self._is_open = is_open
        self._channel = channel
        self._pace = pace
        self._clock = clock
        self._cabinet = cabinet
        self._duty = duty
        self._busy: set[str] = set()
        self._speaking: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()
        self.name_of: Callable[[str], str] = lambda person: person
        """Names whoever a network can't mention."""
        self.delivered: Callable[[], None] = lambda: None
        """Called after a message is sent and marked."""

    def spent(self, account: str, now: datetime) -> bool:
        """Return whether an account has used up its budget for the day."""
        return self._pace.spent(account, now)

    def wake(self) -> None:
        """Look at the queue now."""
        self._wake.set()

    async def run(self) -> None:
        """Serve the queue until cancelled; storage in trouble is waited for."""
        loop = asyncio.get_running_loop()
        while True:
            self._wake.clear()
            began = loop.time()
            try:
                await self._start_sends()
            except StorageError as error:
                log.error("%s", error)
            except Exception:
                # whatever it is, the next message must still find somebody to send it
                log.exception("the outbox met a fault and goes on")
            await asyncio.sleep(ease(loop.time() - began))
            with contextlib.suppress(TimeoutError):
                # not wait_for: before Python 3.12 it may swallow the cancellation that stops us
                async with asyncio.timeout(_POLL):
                    await self._wake.wait()

    async def take_over(self, accounts: Iterable[str]) -> None:
        """Count what accounts that are ours from now on have said today."""
        now = self._clock()
        midnight = self._pace.day_of(now)
        said = await self._store.read(lambda s: s.spoken(midnight))
        self._pace.said({name: said[name] for name in accounts if name in said}, now)

    async def finish(self) -> None:
        """Let messages in flight arrive and be marked, so that a stop repeats none."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=_PARTING)

    async def drain(self) -> None:
        """Send all that waits, one after the other; the replay's way."""
        while rows := await self._all_ready():
            for row in sorted(rows, key=lambda row: row.id):
                line = self._channel.line(row.send)
                if line is None:
                    return
                await self._deliver(single(row), line)

    async def _all_ready(self) -> list[Waiting]:
        now = self._clock()
        open_ = self._is_open(now)

        def ready(session: Session) -> list[Waiting]:
            waiting = session.waiting(now, open_)
            rows = [row for q in waiting for row in session.ready(q, now, open_, _AT_ONCE)]
            return [_with_pictures(session, row) for row in rows]

        return await self._store.read(ready)

    async def _waiting(self, now: datetime) -> list[Queued]:
        return await self._store.read(lambda s: s.waiting(now, self._is_open(now)))

    async def _ready(self, queued: Queued) -> list[Waiting]:
        now = self._clock()
        open_ = self._is_open(now)

        def ready(session: Session) -> list[Waiting]:
            rows = session.ready(queued, now, open_, _AT_ONCE)
            return [_with_pictures(session, row) for row in rows]

        return await self._store.read(ready)

    async def _start_sends(self) -> None:
        now = self._clock()
        waiting = await self._waiting(now)
        for queued in sorted(waiting, key=lambda q: (not q.urgent, q.rank, q.id)):
            if len(self._tasks) >= _IN_FLIGHT:
                return
            line = None if _address(queued) in self._busy else self._line(queued)
            if (
                line
                and self._may(line, queued, now)
                and await self._has_written(queued, line)  # if not, the watch tells of it
            ):
                self._start(queued, line)

    def _line(self, queued: Queued) -> Line | None:
        line = self._channel.line(Send(Reason.ANSWER, "", queued.room, queued.to))
        served = line is not None and (self._duty is None or self._duty.has(line.account))
        return line if served else None

    def _may(self, line: Line, queued: Queued, now: datetime) -> bool:
        if not line.abilities.paced:
            return True
        idle = line.account not in self._speaking
        return idle and self._pace.may(line.account, _address(queued), now, queued.urgent)

    async def _still_true(self, message: Breath, now: datetime) -> bool:
        """Return whether a message is worth saying; a nudge that was held up while somebody took
        all it asks for is dropped."""
        nudges = [row for row in message.rows if row.send.reason is Reason.NUDGE]
        if len(nudges) < len(message.rows) or not any(
            row.attempts or _old(row, now) for row in nudges
        ):
            return True
        if not await self._store.read(lambda s: all(_settled(s, row) for row in nudges)):
            return True
        log.warning("%s nudges came too late and were dropped", len(nudges))
        worker = self._worker
        await self._store.transact(lambda s: s.drop(message.ids, worker, SETTLED, now))
        return False

    def _start(self, queued: Queued, line: Line) -> None:
        address = _address(queued)
        if line.abilities.paced:
            self._pace.spend(line.account, address, self._clock())
            self._speaking.add(line.account)
        self._busy.add(address)
        task = asyncio.create_task(self._serve(queued, line))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, queued: Queued, line: Line) -> None:
        address = _address(queued)
        try:
            message = await self._taken(queued, line)
            if message:
                await self._deliver(message, line)
            elif line.abilities.paced:
                self._pace.refund(line.account, address)
        except StorageError as error:
            # Sent but not marked: the lease runs out and it goes again, the one repeat allowed.
            log.error("%s", error)
        finally:
            self._busy.discard(address)
            self._speaking.discard(line.account)
            self.wake()

    async def _taken(self, queued: Queued, line: Line) -> Breath | None:
        """Take what leaves as one message, if it is still there and worth saying."""
        rows = await self._ready(queued)
        if not rows:
            return None
        message = breath(rows) if line.abilities.paced else single(rows[0])
        now, worker = self._clock(), self._worker
        if not await self._store.claim(lambda s: s.take(message.ids, worker, now, line.account)):
            return None
        return message if await self._still_true(message, now) else None

    @property
    def _worker(self) -> str:
        return self._duty.worker if self._duty else ""

    async def _deliver(self, message: Breath, line: Line) -> None:
        ids = message.ids
        # a breath that grew between two tries is another message, not a repeat of the first
        key = str(ids[0]) if len(ids) == 1 else f"{ids[0]}+{ids[-1]}"
        try:
            send = self._worded(message.send, line)
            sent_id = await self._channel.send(send, key, await self._files(send, line))
        except UnsureError as error:
            await self._unsure(message, str(error), line)
            return
        except SendError as error:
            if line.abilities.paced:
                self._pace.refund(line.account, _address(message.send))
            await self._failed(message, str(error))
            return
        except Exception as error:
            log.exception("send %s met a fault of the channel", key)
            await self._failed(message, type(error).__name__)
            return
        now = self._clock()
        await self._store.transact(lambda s: s.sent(ids, sent_id, now))
        self.delivered()

    def _worded(self, send: Send, line: Line) -> Send:
        """Return the message as the network can carry it: with the names of those mentioned where
        no @ can be written, and a word on how to answer where not every answer is heard."""
        text = send.text
        if send.room is not None and send.reason in _ANSWERED:
            text += _HOW_TO_ANSWER[line.abilities.hears]
        if send.mentions and not line.abilities.mentions:
            names = " ".join(f"@{self.name_of(person)}" for person in send.mentions)
            return replace(send, text=f"{names} {text}", mentions=())
        return send if text == send.text else replace(send, text=text)

    async def _has_written(self, queued: Queued, line: Line) -> bool:
        """Return whether a message may leave for all that the network says of who speaks first."""
        person = queued.to
        if queued.room is not None or person is None or line.abilities.first:
            return True
        return await self._store.read(lambda s: s.has_written(person))

    async def _unsure(self, message: Breath, why: str, line: Line) -> None:
        again = message.send.reason.repeats and message.attempts < _UNSURE_TRIES
        if again or line.abilities.idempotent:
            await self._failed(message, why)
            return
        log.warning("nobody knows whether send %s arrived; it isn't repeated", message.ids[0])
        now, worker = self._clock(), self._worker
        await self._store.transact(lambda s: s.drop(message.ids, worker, f"{UNSURE}（{why}）", now))

    async def _failed(self, message: Breath, why: str) -> None:
        wait = min(FIRST_RETRY * 2 ** min(message.attempts, 10), LONGEST_RETRY)
        again, worker = self._clock() + wait, self._worker
        log.warning("send %s failed and will be tried again", message.ids[0])
        await self._store.transact(lambda s: s.failed(message.ids, worker, why, again))

    async def _files(self, send: Send, line: Line) -> list[File]:
        if not line.abilities.pictures:
            return []
        files = [await self._chart(send.chart)] if send.chart else []
        if self._cabinet:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_PICTURES):
                    for message_id in send.files:
                        files.append(await self._cabinet.take_out(message_id))
        return [replace(f, name=_neutral(f.name, n)) for n, f in enumerate(filter(None, files), 1)]

    async def _chart(self, chart: str) -> File | None:
        try:
            return File(_CHART, await asyncio.to_thread(draw, chart, category_name))
        except Exception:
            log.exception("a chart could not be drawn; its digest goes without it")
            return None


def ease(took: float) -> float:
    """Return how long to leave the queue alone after a look, in seconds as what it took."""
    return min(took * _EASE, _LONGEST_EASE)


def _neutral(name: str, number: int) -> str:
    """Return a name that tells nothing of whoever sent the file: people write numbers there."""
    return name if name == _CHART else f"{number}{PurePosixPath(name).suffix[:9]}"


def _with_pictures(session: Session, row: Waiting) -> Waiting:
    """Return a row with whose pictures go along: with a ticket that is forwarded to another group,
    its own."""
    send = row.send
    if send.reason is not Reason.ESCALATE or send.files:
        return row
    tickets = [session.ticket(number) for number in send.tickets]
    elsewhere = [t.number for t in tickets if t and t.room != send.room]
    found = [a.message for n in elsewhere for a in session.attachments_of(n) if a.state != "gone"]
    return replace(row, send=replace(send, files=tuple(found[:MOST_PICTURES]))) if found else row


def _old(row: Waiting, now: datetime) -> bool:
    return now - row.at > timedelta(minutes=5)


def _settled(session: Session, row: Waiting) -> bool:
    tickets = [session.ticket(number) for number in row.send.tickets]
    return bool(tickets) and all(t is None or t.touched_at > row.at for t in tickets)


def _address(send: Send | Queued) -> str:
    return f"room {send.room}" if send.room is not None else f"person {send.to}"
