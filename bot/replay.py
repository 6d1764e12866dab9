"""`jiedan replay`: a recorded chat through the real program, on a clock that is set by hand.

The border is the replay contract: the shape of each line, and that the same input gives the same
bytes.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.app import App, build, open_store, save_roster
from bot.channels.recorder import Recorder
from bot.clock import SetClock
from bot.config import Config
from bot.models import Event, Kind, Message, Send
from bot.ticker import HEARTBEAT
from handlers.roster import Roster
from storage.base import StorageError, Store


class BadLineError(ValueError):
    """A transcript line that can't be used; the text says why."""


@dataclass(slots=True)
class Counts:
    """The figures of the last line."""

    messages: int = 0
    skipped: int = 0
    tickets: int = 0
    sent: int = 0


def read_line(line: str, roster: Roster) -> Message:
    """Read a transcript line. Raises BadLineError."""
    try:
        data = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise BadLineError("不是合格的 JSON") from error
    if not isinstance(data, dict):
        raise BadLineError("应当是一个 JSON 对象")
    room = data.get("room")
    if room is not None and (not isinstance(room, str) or roster.by_room(room) is None):
        raise BadLineError(f"群 {room} 不在网格表里")
    return Message(
        id=_text(data, "id"), at=_moment(_text(data, "at")), room=room,
        sender=_text(data, "sender"), name=_optional(data, "name"), kind=_kind(data),
        text=_optional(data, "text"), mentions=_mentions(data),
        quote=_optional(data, "quote") or None,
    )  # fmt: skip


def _text(data: dict[str, Any], key: str) -> str:
    value = data.get(key)
    if not isinstance(value, str) or not value:
        raise BadLineError(f"缺少 {key}，或者它不是文字")
    return value


def _optional(data: dict[str, Any], key: str) -> str:
    value = data.get(key)
    if value is not None and not isinstance(value, str):
        raise BadLineError(f"{key} 应当是文字")
    return value or ""


def _mentions(data: dict[str, Any]) -> tuple[str, ...]:
    value = data.get("mentions") or []
    if not isinstance(value, list) or not all(isinstance(m, str) for m in value):
        raise BadLineError("mentions 应当是一列用户编号")
    return tuple(value)


def _kind(data: dict[str, Any]) -> Kind:
    try:
        return Kind(data.get("kind") or "text")
    except (ValueError, TypeError) as error:
        raise BadLineError(f"没有“{data['kind']}”这种消息") from error


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadLineError(f"at = {text} 不是 ISO 8601 时间") from error
    if moment.tzinfo is None:
        raise BadLineError(f"at = {text} 没有写时区，例如 +08:00")
    if not 2000 <= moment.year < 2100:
        raise BadLineError(f"at = {text} 不像是聊天的年份")
    return moment


_TOGETHER = 64
"""Lines handled at once, as long as nothing but the inbox changes."""


class Replay:
    """One run. ``write`` gets each output line, ``complain`` each line for a person."""

    def __init__(
        self,
        config: Config,
        store: Store,
        roster: Roster,
        write: Callable[[str], None],
        complain: Callable[[str], None],
    ) -> None:
        self._write = write
        self._complain = complain
        self._roster = roster
        self._counts = Counts()
        self._clock: SetClock | None = None
        self._latest: datetime | None = None
        self._seen = 0
        self._store = store
        self._config = config
        self._app: App | None = None

    async def run(self, lines: Iterable[str], until: datetime | None, strict: bool) -> bool:
        """Handle all lines, then let the clock run on; return False if a strict run met a bad
        line."""
        waiting: list[Message] = []
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                message = self._next(read_line(line, self._roster))
            except BadLineError as error:
                await self._handle(waiting)
                waiting = []
                self._complain(f"第 {number} 行：{error}")
                self._counts.skipped += 1
                if strict:
                    return False
                continue
            waiting.append(message)
            if len(waiting) == _TOGETHER:
                await self._handle(waiting)
                waiting = []
        await self._handle(waiting)
        if until and self._clock:
            await self._run_on(until)
        self._end(until)
        return True

    def _next(self, message: Message) -> Message:
        if self._latest and message.at < self._latest:
            raise BadLineError(f"时间倒退了：{message.at.isoformat()}")
        self._latest = message.at
        return message

    async def _handle(self, messages: Sequence[Message]) -> None:
        """Handle messages in order, and what falls due between them at its moment."""
        while messages:
            app = await self._started(messages[0].at)
            await self._run_on(messages[0].at)
            due = await app.ticker.next_moment()
            before = [m for m in messages if due is None or m.at < due] or messages[:1]
            count, _ = await app.pipeline.receive_quiet(before, self._arrives)
            self._counts.messages += count
            messages = messages[count:]
            await self._show()

    def _arrives(self, message: Message) -> None:
        if self._clock:
            self._clock.now = max(message.at, self._clock.now)

    async def _started(self, at: datetime) -> App:
        if self._app is None:
            self._clock = SetClock(at)
            recorder = Recorder(self._sent)
            self._app = build(self._config, self._store, self._roster, recorder, self._clock)
            self._seen = await self._store.read(lambda s: s.last_event())
            await self._app.ticker.start(at)
        return self._app

    async def _run_on(self, until: datetime) -> None:
        """Move the clock, stopping at each moment at which something falls due."""
        app, clock = self._app, self._clock
        if app is None or clock is None:
            return
        while (moment := await app.ticker.next_moment()) is not None and moment <= until:
            clock.now = max(moment, clock.now)
            await app.ticker.run_due(clock)
            await self._show()
        clock.now = max(until, clock.now)

    async def _show(self) -> None:
        events = await self._store.read(lambda s: s.events_after(self._seen))
        for seq, event in events:
            self._seen = seq
            self._counts.tickets += event.kind == "created"
            self._line(_event_line(event, self._local(event.at)))
        if self._app:
            await self._app.outbox.drain()

    def _sent(self, sent_id: str, send: Send) -> None:
        self._counts.sent += 1
        at = self._clock.now if self._clock else None
        self._line(_send_line(sent_id, send, self._local(at)))

    def _end(self, until: datetime | None) -> None:
        at = self._clock.now if self._clock else until
        counts = self._counts
        self._line({
            "kind": "end", "at": self._local(at), "messages": counts.messages,
            "skipped": counts.skipped, "tickets": counts.tickets, "sent": counts.sent,
        })  # fmt: skip

    def _local(self, moment: datetime | None) -> str | None:
        if moment is None or self._app is None:
            return moment.isoformat() if moment else None
        return self._app.local(moment).isoformat()

    def _line(self, data: dict[str, Any]) -> None:
        self._write(json.dumps(data, ensure_ascii=False))


def _send_line(sent_id: str, send: Send, at: str | None) -> dict[str, Any]:
    return {
        "kind": "send", "id": sent_id, "at": at, "room": send.room, "to": send.to,
        "text": send.text, "mentions": list(send.mentions), "reason": send.reason,
        "tickets": [str(number) for number in send.tickets],
    }  # fmt: skip


def _event_line(event: Event, at: str | None) -> dict[str, Any]:
    return {
        "kind": "ticket", "at": at, "ticket": str(event.ticket), "event": event.kind,
        "state": event.state, "level": event.level, "grid": event.grid,
        "category": event.category, "urgency": event.urgency, "actor": event.actor,
        "text": event.text,
    }  # fmt: skip


async def rehearse(
    config: Config,
    url: str,
    durable: bool,
    roster: Roster,
    lines: Iterable[str],
    until: datetime | None,
    strict: bool,
) -> bool:
    """Run a replay on a database, printing as it goes; return False if a strict run met a bad
    line. Raises ConfigError or StorageError."""
    store = open_store(url, durable)
    try:
        if await store.read(lambda s: s.setting(HEARTBEAT)):
            raise StorageError(f"{url} 是 jiedan run 用的库，排练请另用一个")
        await store.transact(lambda s: save_roster(s, roster, "replay"))
        roster = Roster(*await store.read(lambda s: s.load_roster()))  # with a kept one's bindings
        replay = Replay(
            config,
            store,
            roster,
            print,
            lambda line: print(line, file=sys.stderr),
        )
        return await replay.run(lines, until, strict)
    finally:
        await store.close()
