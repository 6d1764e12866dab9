"""What is forgotten: by itself when its time has come, and when a person asks."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.__main__ import main
from bot.app import App, build, open_store, running, save_roster
from bot.clock import SetClock
from bot.config import Config, ConfigError, PrivacyConfig
from bot.forgetting import keep_of
from bot.models import Kind, Message
from handlers.masking import WIPED, wiped
from handlers.roster import Roster
from storage.base import Attachment
from storage.erasing import GONE
from tests.conftest import GRIDS, ROLES, moment
from tests.network import Network
from tests.postgres import fresh_database

PHONE = "13908451234"
SPELLINGS = (
    PHONE, "139 0845 1234", "139-0845-1234", "+86 139 0845 1234", "１３９０８４５１２３４", "一三九零八四五一二三四",
)  # fmt: skip
ANOTHER = "13700001111"
PICTURE = "ab/" + "ab" * 32 + ".png"


class City:
    """A program on a clock set by hand, its files and its commands."""

    def __init__(self, folder: Path, postgres: bool) -> None:
        self.folder = folder
        self.url = fresh_database() if postgres else f"sqlite:///{folder / 'city.db'}"
        self.config = folder / "config.toml"
        self.attachments = folder / "attachments"
        self.config.write_text(
            f'[storage]\nurl = "{self.url}"\n[attachments]\nfolder = "{self.attachments}"\n',
            encoding="utf-8",
        )
        self.clock = SetClock(moment("09:00"))
        self.store = open_store(self.url)
        self.app: App = build(
            Config(), self.store, Roster(GRIDS, ROLES), Network(paced=False), self.clock
        )
        self.said = 0

    async def say(self, sender: str, text: str, room: str | None = "R-1", **more: object) -> str:
        self.said += 1
        self.clock.now += timedelta(minutes=11)
        message = Message(
            f"m{self.said}",
            self.clock(),
            room,
            sender,
            more.pop("name", "张三丰"),
            text=text,
            **more,
        )  # type: ignore[arg-type]
        await self.app.pipeline.receive(message)
        await self.app.outbox.drain()
        return message.id

    async def solve(self, number: int, resident: str) -> None:
        await self.say("u-1", f"接单 {number}", name="林网格")
        await self.say("u-1", f"办结 {number} 换了灯泡，有事打{ANOTHER}", name="林网格")
        await self.say(resident, f"满意 {number}")

    async def jiedan(self, *arguments: str) -> int:
        return await asyncio.to_thread(main, [*arguments, "--config", str(self.config)])

    async def rows(self, sql: str) -> list[tuple[object, ...]]:
        return await self.store.read(
            lambda s: [tuple(row) for row in s._run(sql).fetchall()]  # type: ignore[attr-defined]
        )

    def bytes_on_disk(self) -> bytes:
        return b"".join(path.read_bytes() for path in self.folder.glob("city.db*"))


@asynccontextmanager
async def opened(folder: Path, postgres: bool) -> AsyncIterator[City]:
    made = City(folder, postgres)
    await made.store.transact(lambda s: save_roster(s, Roster(GRIDS, ROLES), "test"))
    yield made
    await made.store.close()


@pytest.fixture
async def city(tmp_path: Path) -> AsyncIterator[City]:
    async with opened(tmp_path, os.environ.get("JIEDAN_STORE") == "postgresql") as made:
        yield made


def test_a_number_is_wiped_however_it_is_written() -> None:
    for spelling in SPELLINGS:
        assert wiped(f"找我{spelling}谢谢", PHONE) == f"找我{WIPED}谢谢"
    assert wiped(f"{ANOTHER}，单号1001", PHONE) == f"{ANOTHER}，单号1001"
    assert wiped(f"{ANOTHER}，单号1001") == f"{WIPED}，单号1001"


async def test_contact_data_goes_a_set_time_after_the_end_and_leaves_a_tombstone(
    city: City,
) -> None:
    first = await city.say("r1", f"3栋路灯坏了，我是张三丰，电话{PHONE}")
    await city.say("r2", "我家也是", name="李小龙", quote=first)
    await city.say("r1", "今天的鱼好新鲜")
    await city.say("r3", f"5栋电梯坏了，电话{PHONE}", name="王五六")
    await city.solve(1001, "r1")
    keep = timedelta(days=180)
    city.clock.now += keep - timedelta(hours=2)
    assert await city.app.forgetter.forget() == 0
    assert (await city.rows("select reporter from tickets where number = 1001")) == [("r1",)]
    city.clock.now += timedelta(hours=3)
    assert await city.app.forgetter.forget() == 1
    ticket = await city.store.read(lambda s: s.ticket(1001))
    assert ticket is not None
    assert (ticket.reporter, ticket.reporter_name, ticket.joined) == (GONE, GONE, ())
    assert "路灯坏了" in ticket.text
    events = await city.store.read(lambda s: s.history(1001))
    assert {e.actor for e in events} <= {GONE, "u-1"}
    inbox = await city.rows("select sender, name, text from inbox where ticket = 1001")
    told = repr((ticket, events, inbox))
    for secret in (PHONE, ANOTHER, "张三丰", "李小龙", "r1'", "r2'"):
        assert secret not in told
    chatter = await city.rows("select text from inbox where ticket is null")
    assert chatter == [], "what belongs to no ticket goes too"
    assert await city.rows("select count(*) from outbox where state = 'sent'") == [(0,)]
    stones = await city.rows("select ticket, why, what from erasures where ticket is not null")
    assert stones == [(1001, "time", '{"people": 2}')]
    open_one = await city.store.read(lambda s: s.ticket(1002))
    assert open_one is not None
    assert PHONE in open_one.text, "it is still open"
    assert await city.app.forgetter.forget() == 0, "once"


async def test_the_running_program_forgets_by_itself(city: City) -> None:
    await city.say("r1", f"3栋路灯坏了，电话{PHONE}")
    await city.solve(1001, "r1")
    city.clock.now += timedelta(days=200)
    async with running(city.app), asyncio.timeout(20):
        while not await city.rows("select 1 from erasures where ticket = 1001"):
            await asyncio.sleep(0.05)


async def test_a_person_gets_all_that_is_kept_of_them(city: City) -> None:
    await city.say("r1", f"3栋路灯坏了，电话{PHONE}")
    await city.say("r2", "我家也是")
    await city.say("r1", "谢谢", room=None)
    out = city.folder / "r1.json"
    assert await city.jiedan("export-person", "r1", "--out", str(out)) == 0
    kept = json.loads(out.read_text(encoding="utf-8"))
    assert {row["text"] for row in kept["inbox"]} >= {f"3栋路灯坏了，电话{PHONE}", "谢谢"}
    assert [row["number"] for row in kept["tickets"]] == [1001]
    assert "r2" not in repr(kept["inbox"])
    assert out.stat().st_mode & 0o077 == 0, "for nobody else's eyes"
    assert await city.jiedan("export-person", "nobody", "--out", str(out)) == 2


async def test_a_person_is_erased_and_the_figures_still_add_up(
    city: City, capsys: pytest.CaptureFixture[str]
) -> None:
    await city.say("r1", f"3栋路灯坏了，我是张三丰，电话{PHONE}")
    picture = await city.say("r1", "", kind=Kind.IMAGE)
    await city.store.transact(lambda s: s.adopt(picture, 1001))
    file = city.attachments / PICTURE
    file.parent.mkdir(parents=True)
    file.write_bytes(b"a picture")
    kept = Attachment(picture, "R-1", Kind.IMAGE, "kept", "灯.png", PICTURE, 9)
    await city.store.transact(lambda s: s.want(picture, city.clock()))
    await city.store.transact(lambda s: s.keep_attachment(replace(kept)))
    assert await city.jiedan("erase-person", "r1") == 2
    assert "1001" in capsys.readouterr().err, "it says which are open"
    await city.solve(1001, "r1")
    await city.say("r2", "我家的电梯也坏了", name="李小龙")
    assert await city.jiedan("erase-person", "u-1") == 2
    assert "名册" in capsys.readouterr().err
    assert await city.jiedan("erase-person", "r1") == 0
    for table in ("inbox", "tickets", "events", "outbox", "watchers", "attachments", "questions"):
        rows = repr(await city.rows(f"select * from {table}"))  # noqa: S608
        for secret in ("'r1'", "张三丰", PHONE, "路灯坏了", PICTURE):
            assert secret not in rows, f"{secret} in {table}"
    assert not file.exists()
    tickets = await city.store.read(lambda s: list(s.all_tickets()))
    assert [t.number for t in tickets] == [1001, 1002]
    assert tickets[0].reporter.startswith("gone-")
    stones = await city.rows("select why from erasures")
    assert stones == [("person",)]
    assert await city.jiedan("erase-person", "r1") == 2, "there is nothing left"


async def test_an_erased_number_is_in_no_byte_of_the_file(tmp_path: Path) -> None:
    """Beside a program at work, which has the file open and goes on afterwards."""
    async with opened(tmp_path, postgres=False) as city, running(city.app):
        for i in range(60):  # pages fill, split and are given back
            spelling = SPELLINGS[i % len(SPELLINGS)]
            await city.say(
                f"r{i}", f"{i}栋路灯坏了，我叫{spelling}，打{spelling}", name=f"家住{PHONE}"
            )
        await city.say("u-1", f"办结 打{PHONE}", name="林网格")  # a question is asked
        before = city.bytes_on_disk()
        assert PHONE.encode() in before
        assert await city.jiedan("erase-person", PHONE) == 0
        after = city.bytes_on_disk()
        for spelling in SPELLINGS:
            assert spelling.encode() not in after, spelling
            assert spelling.encode("utf-16-le") not in after, spelling
        await city.say("r1", "7栋的电梯坏了")
        assert "电梯坏了".encode() in city.bytes_on_disk()
        await city.store.examine()
    assert PHONE.encode() not in city.bytes_on_disk()


def test_keeping_for_less_than_a_day_is_refused() -> None:
    with pytest.raises(ConfigError, match="keep"):
        keep_of(replace(Config(), privacy=PrivacyConfig(timedelta(minutes=5))))
