"""`jiedan backup` beside a program at work, and `jiedan restore`, as an operator runs them."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import random
import sqlite3
import sys
import zlib
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.app import App, build, only_one, open_store, running, save_roster
from bot.clock import SetClock
from bot.config import Config, RatesConfig
from bot.models import Kind, Message
from handlers.roster import Roster
from storage.base import Attachment, Store
from tests.conftest import GRIDS, ROLES, moment
from tests.network import Network

WORDS = ("{}栋的路灯坏了", "早上好", "{}栋电梯坏了", "今天的鱼好新鲜", "我家也是")
PICTURE = b"a picture of a broken lamp"
NAME = hashlib.sha256(PICTURE).hexdigest()
PATH = f"{NAME[:2]}/{NAME}.png"
FIRST = {"m0", "m1", "m2"}


class City:
    """A folder with a configuration, a database and pictures."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.database = folder / "city.db"
        self.url = f"sqlite:///{self.database}"
        self.config = folder / "config.toml"
        kept = folder / "attachments"
        self.config.write_text(
            f'[storage]\nurl = "{self.url}"\n[attachments]\nfolder = "{kept}"\n', "utf-8"
        )
        self.picture = kept / PATH

    async def jiedan(self, *arguments: str | Path) -> tuple[int, str, str]:
        """Run a command in a process of its own."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", *map(str, arguments), "--config", str(self.config),
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, err = await process.communicate()
        assert process.returncode is not None
        return process.returncode, out.decode(), err.decode()

    async def does(self, *arguments: str | Path) -> str:
        code, out, err = await self.jiedan(*arguments)
        assert (code, err) == (0, "")
        return out

    async def refuses(self, *arguments: str | Path) -> str:
        """Return the one line in which a command refuses."""
        code, out, err = await self.jiedan(*arguments)
        assert (code, out) == (2, "")
        assert len(err.strip().splitlines()) == 1, err
        assert not list(self.folder.glob(".jiedan-*"))
        return err

    async def heard(self) -> set[str]:
        store = open_store(self.url)
        chat = await store.read(lambda s: s.chat_after(0, 0))
        health = await store.read(lambda s: s.health(moment("09:00")))
        await store.examine()
        await store.close()
        assert health.open_without_deadline == 0
        return {said.id for said in chat if said.message}


@pytest.fixture
async def city(tmp_path: Path) -> City:
    """A city that has heard three messages and keeps a picture."""
    made = City(tmp_path / "city")
    store = open_store(made.url)
    await store.transact(lambda s: save_roster(s, Roster(GRIDS, ROLES), "first"))
    app = started(store)
    for i in range(3):
        text = f"{i}栋的路灯坏了"
        await app.pipeline.receive(Message(f"m{i}", app.clock(), "R-1", f"r{i}", text=text))
    kept = Attachment("m0", "R-1", Kind.IMAGE, "kept", "lamp.png", PATH, len(PICTURE))
    await store.transact(lambda s: s.want("m0", app.clock()))
    await store.transact(lambda s: s.keep_attachment(kept))
    await store.close()
    made.picture.parent.mkdir(parents=True)
    made.picture.write_bytes(PICTURE)
    return made


def started(store: Store) -> App:
    config = replace(Config(), rates=RatesConfig(0, 0, 0, timedelta(0)))
    return build(config, store, Roster(GRIDS, ROLES), Network(), SetClock(moment("09:00")))


async def test_a_backup_under_load_has_all_that_was_acknowledged_before(
    city: City, tmp_path: Path
) -> None:
    store = open_store(city.url)
    app = started(store)
    kept: set[str] = set()

    async def say(i: int) -> None:
        text, room = WORDS[i % len(WORDS)].format(i % 60), f"R-{1 + i % 2}"
        await app.pipeline.receive(Message(f"l{i}", app.clock(), room, f"r{i}", text=text))
        kept.add(f"l{i}")

    async def talk() -> None:
        for start in range(0, 2000, 8):
            await asyncio.gather(*(say(i) for i in range(start, start + 8)))
            await asyncio.sleep(0.005)

    backups: list[tuple[Path, set[str]]] = []
    async with running(app):
        talking = asyncio.create_task(talk())
        while not talking.done():
            out, before = tmp_path / f"night{len(backups)}.db.gz", set(kept)
            assert "核对无误" in await city.does("backup", out)
            backups.append((out, before))
        await talking
    await store.close()
    assert len(kept) == 2000
    assert any(0 < len(before) < 2000 for _, before in backups), "none was made under load"
    for out, before in backups:
        again = City(tmp_path / out.name.partition(".")[0])
        await again.does("restore", out)
        heard = await again.heard()
        assert before | FIRST <= heard <= kept | FIRST


async def test_pictures_lie_beside_it_and_come_back(city: City, tmp_path: Path) -> None:
    out, again = tmp_path / "a.db.gz", tmp_path / "b.db.gz"
    await city.does("backup", out)
    beside = tmp_path / "attachments" / PATH
    assert beside.read_bytes() == PICTURE
    city.picture.unlink()
    await city.does("backup", again)  # an earlier night's copy is there
    other = City(tmp_path / "other")
    assert "3单，3条消息" in await other.does("restore", out)
    assert other.picture.read_bytes() == PICTURE
    assert await other.heard() == FIRST
    third = City(tmp_path / "third")
    beside.write_bytes(b"something else")
    code, _, err = await third.jiedan("restore", out)
    assert (code, "1张图片或文件在备份里找不到或坏了" in err) == (0, True)


async def test_gunzip_alone_gives_a_database(city: City, tmp_path: Path) -> None:
    out, plain = tmp_path / "a.db.gz", tmp_path / "plain.db"
    await city.does("backup", out)
    plain.write_bytes(gzip.decompress(out.read_bytes()))
    db = sqlite3.connect(plain)
    assert db.execute("select count(*) from tickets").fetchone() == (3,)
    db.close()


async def test_what_is_there_is_kept_and_what_runs_is_left_alone(
    city: City, tmp_path: Path
) -> None:
    out = tmp_path / "a.db.gz"
    await city.does("backup", out)
    store = open_store(city.url)
    app = started(store)
    await app.pipeline.receive(Message("late", app.clock(), "R-1", "r9", text="9栋停电了"))
    assert "--replace" in await city.refuses("restore", out)
    with only_one(city.url):
        assert "已经有一个" in await city.refuses("restore", out, "--replace")
    # killed, it leaves a journal that belongs to the old file alone
    left = {end: Path(f"{city.database}{end}").read_bytes() for end in ("", "-wal")}
    await store.close()
    for end, data in left.items():
        Path(f"{city.database}{end}").write_bytes(data)
    said = await city.does("restore", out, "--replace")
    assert await city.heard() == FIRST
    (kept,) = (p for p in city.folder.glob("city.db.old-*") if p.name[-1].isdigit())
    assert str(kept) in said
    for end, data in left.items():
        assert Path(f"{kept}{end}").read_bytes() == data
    old = open_store(f"sqlite:///{kept}")
    assert await old.read(lambda s: s.heard("late"))
    await old.close()


async def test_a_cut_or_altered_backup_is_refused_and_nothing_changes(
    city: City, tmp_path: Path
) -> None:
    out = tmp_path / "a.db.gz"
    await city.does("backup", out)
    whole, before = out.read_bytes(), city.database.read_bytes()
    chance = random.Random(7)
    bad = tmp_path / "bad.db.gz"
    tried = 0
    for i in range(16):
        if i % 2:
            broken = whole[: chance.randrange(2, len(whole))]
        else:
            place = chance.randrange(12, len(whole))
            flipped = whole[place] ^ (1 << chance.randrange(8))
            broken = whole[:place] + bytes([flipped]) + whole[place + 1 :]
        if unpacked(broken) == unpacked(whole):
            continue  # one of gzip's bits that hold nothing
        tried += 1
        bad.write_bytes(broken)
        assert "损坏或不完整" in await city.refuses("restore", bad, "--replace")
    assert tried >= 12
    assert city.database.read_bytes() == before
    assert not list(city.folder.glob("*.old-*"))


def unpacked(data: bytes) -> bytes | None:
    try:
        return gzip.decompress(data)
    except (OSError, EOFError, zlib.error):
        return None


async def test_what_is_no_backup_is_refused_in_one_line(city: City, tmp_path: Path) -> None:
    other = tmp_path / "x"
    assert "读不了" in await city.refuses("restore", other, "--replace")
    other.write_text("hello")
    assert "不是 jiedan 的备份" in await city.refuses("restore", other, "--replace")
    other.write_bytes(gzip.compress(b"hello" * 1000))
    assert "读不了" in await city.refuses("restore", other, "--replace")
    strange = tmp_path / "strange.db"
    db = sqlite3.connect(strange)
    db.execute("create table notes (text)")
    db.commit()
    db.close()
    other.write_bytes(gzip.compress(strange.read_bytes()))
    assert "不是 jiedan 的数据库" in await city.refuses("restore", other, "--replace")


async def test_one_of_a_newer_version_is_refused(city: City, tmp_path: Path) -> None:
    out = tmp_path / "a.db.gz"
    db = sqlite3.connect(city.database)
    db.execute(
        "insert into _sqlite_migrations (migration_set, name) values ('jiedan', 'of_the_future')"
    )
    db.commit()
    db.close()
    out.write_bytes(gzip.compress(city.database.read_bytes()))
    assert "更新版本" in await city.refuses("restore", out, "--replace")


async def test_where_a_backup_can_not_go(city: City, tmp_path: Path) -> None:
    assert "不敢覆盖" in await city.refuses("backup", city.database)
    assert "不敢覆盖" in await city.refuses("backup", city.config)
    assert "目录" in await city.refuses("backup", tmp_path)
    assert "目录" in await city.refuses("backup", tmp_path / "none" / "a.gz")
    out = tmp_path / "a.db.gz"
    for _ in range(2):  # a newer one takes the place of an older one
        await city.does("backup", out)
    city.config.write_text('[storage]\nurl = "postgresql://u@h/d"\n', encoding="utf-8")
    assert "pg_dump" in await city.refuses("backup", out)
    empty = City(tmp_path / "empty")
    assert "还没有" in await empty.refuses("backup", out)


async def test_a_damaged_database_takes_no_good_backups_place(city: City, tmp_path: Path) -> None:
    out = tmp_path / "a.db.gz"
    await city.does("backup", out)
    good = out.read_bytes()
    data = bytearray(city.database.read_bytes())
    for page in range(2, len(data) // 4096):
        data[page * 4096 : page * 4096 + 40] = b"x" * 40
    city.database.write_bytes(data)
    await city.refuses("backup", out)
    assert out.read_bytes() == good
    await city.does("restore", out, "--replace")
    assert await city.heard() == FIRST
