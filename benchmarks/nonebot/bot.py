"""The same work with NoneBot2, in its own environment: an inbox row, jieba, a ticket, a reply, one
commit a message, by one matcher, which is the fastest way there.

    python bot.py MESSAGES.jsonl DATABASE        prints messages a second
"""

from __future__ import annotations

import asyncio
import json
import logging
import sqlite3
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

import jieba
import nonebot
from nonebot.adapters import Adapter as BaseAdapter
from nonebot.adapters import Bot as BaseBot
from nonebot.adapters import Event as BaseEvent
from nonebot.adapters import Message as BaseMessage
from nonebot.adapters import MessageSegment as BaseSegment
from nonebot.message import handle_event

AT_ONCE = 64
TROUBLE = ("坏", "堵", "垃圾", "杂物")


class Segment(BaseSegment["Text"]):
    @classmethod
    def get_message_class(cls) -> type[Text]:
        return Text

    def __str__(self) -> str:
        return str(self.data["text"])

    def is_text(self) -> bool:
        return True


class Text(BaseMessage[Segment]):
    @classmethod
    def get_segment_class(cls) -> type[Segment]:
        return Segment

    @staticmethod
    def _construct(msg: str) -> Iterable[Segment]:
        yield Segment("text", {"text": msg})


class Event(BaseEvent):
    id: str
    room: str
    sender: str
    text: str

    def get_type(self) -> Literal["message"]:
        return "message"

    def get_event_name(self) -> str:
        return "message"

    def get_event_description(self) -> str:
        return self.text

    def get_user_id(self) -> str:
        return self.sender

    def get_session_id(self) -> str:
        return f"{self.room}-{self.sender}"

    def get_message(self) -> Text:
        return Text(self.text)

    def is_tome(self) -> bool:
        return False


class Bot(BaseBot):
    async def send(self, event: BaseEvent, message: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        return await self.call_api("send", event=event, message=str(message), **kwargs)


class Adapter(BaseAdapter):
    @classmethod
    def get_name(cls) -> str:
        return "bench"

    async def _call_api(self, bot: BaseBot, api: str, **data: Any) -> None:  # noqa: ANN401
        db.execute(
            "insert into outbox (room, text) values (?, ?)", (data["event"].room, data["message"])
        )


def opened(path: str) -> sqlite3.Connection:
    made = sqlite3.connect(path, isolation_level=None)
    made.executescript(
        "pragma journal_mode = wal; pragma synchronous = full;"
        "create table inbox (seq integer primary key, id text unique, room text, sender text, text text);"
        "create table tickets (number integer primary key, room text, state text, text text);"
        "create index open_tickets on tickets (room) where state != 'closed';"
        "create table events (seq integer primary key, ticket integer, event text, actor text);"
        "create table outbox (id integer primary key, room text, text text);"
    )
    return made


db = opened(sys.argv[2])
nonebot.init(driver="~none", log_level="ERROR", command_start=[""])
logging.disable(logging.ERROR)
driver = nonebot.get_driver()
driver.register_adapter(Adapter)
bot = Bot(Adapter(driver), "1")

from nonebot import on_message  # noqa: E402 - the framework is there from here on

MOVES = {
    "接单": ("open", "claimed"),
    "办结": ("claimed", "resolved"),
    "满意": ("resolved", "closed"),
}
talk = on_message()  # one matcher for all: each more costs a message a millisecond


@talk.handle()
async def hear(event: Event) -> None:
    words = jieba.lcut(event.text)
    db.execute("begin immediate")
    keep(event)
    moving = MOVES.get(words[0])
    if moving:
        await move(event, *moving)
    elif any(trouble in word for word in words for trouble in TROUBLE):
        cursor = db.execute(
            "insert into tickets (room, state, text) values (?, 'open', ?)",
            (event.room, event.text),
        )
        note(cursor.lastrowid or 0, "created", event)
        await talk.send(f"收到，{cursor.lastrowid}号")
    db.execute("commit")


async def move(event: Event, before: str, after: str) -> None:
    found = db.execute(
        "select number from tickets where room = ? and state = ?", (event.room, before)
    ).fetchone()
    if found:
        db.execute("update tickets set state = ? where number = ?", (after, found[0]))
        note(found[0], after, event)
        await talk.send(f"{found[0]}号{event.text[:2]}了")


def keep(event: Event) -> None:
    db.execute(
        "insert into inbox (id, room, sender, text) values (?, ?, ?, ?)",
        (event.id, event.room, event.sender, event.text),
    )


def note(ticket: int, what: str, event: Event) -> None:
    db.execute(
        "insert into events (ticket, event, actor) values (?, ?, ?)", (ticket, what, event.sender)
    )


async def main() -> None:
    jieba.lcut("热身")
    lines = Path(sys.argv[1]).read_text(encoding="utf-8").splitlines()
    events = [Event(**json.loads(line)) for line in lines]
    queue = iter(events)

    async def worker() -> None:
        for event in queue:
            await handle_event(bot, event)

    began = time.perf_counter()
    await asyncio.gather(*(worker() for _ in range(AT_ONCE)))
    took = time.perf_counter() - began
    counts = {
        table: db.execute(f"select count(*) from {table}").fetchone()[0]
        for table in ("inbox", "tickets", "outbox")
    }
    closed = db.execute("select count(*) from tickets where state = 'closed'").fetchone()[0]
    print(json.dumps({"a_second": len(events) / took, "closed": closed, **counts}))


asyncio.run(main())
