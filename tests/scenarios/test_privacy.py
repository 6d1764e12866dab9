"""What leaves the household group: nobody's numbers, whichever way it goes and however spelled."""

from __future__ import annotations

import io
import logging
from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bot import doctor, office
from bot.app import App, build, open_store, save_roster
from bot.clock import SetClock
from bot.config import Config, RatesConfig, StorageConfig
from bot.logs import MaskingFormatter
from bot.models import Message, Role, RoleKind
from bot.watch import Watch
from bot.web.console import Console
from handlers import menu
from handlers.names import plain_name
from handlers.roster import Roster
from tests.conftest import GRIDS, ROLES, Town, moment
from tests.network import Network
from tests.properties.numbers_in_words import KEPT, read

NUMBERS = ("13812345678", "430181199001011234", "6222021234567890123", "073183614455")
SPELLED = (
    "电话138 1234 5678，身份证430181-19900101-1234，卡6222 0212 3456 7890 123，座机0731-8361 4455",
    "电话１３８－１２３４－５６７８，身份证430181 1990 0101 1234，卡6222-0212-3456-7890-123，座机（0731）83614455",
    "电话一三八 一二三四 五六七八，身份证四三〇一八一一九九〇〇一〇一一二三四，卡六二二二零二一二三四五六七八九零一二三，座机零七三一 八三六一 四四五五",
    "电话+86 138.1234.5678，身份证430181\n19900101\n1234，卡6222021234567890123，座机0731 8361-4455",
)
LEAK = "3栋下水道堵了，污水漫出来了，"
NAME = "老张138 1234 5678"


def hidden(*texts: str) -> bool:
    """Whether no number can be read back from the texts, beyond what a mask keeps."""
    shown = [read(text) for text in texts]
    parts = [n[i : i + KEPT + 1] for n in NUMBERS for i in range(len(n) - KEPT)]
    return not any(part in text for part in parts for text in shown)


@pytest.mark.parametrize("spelled", SPELLED)
async def test_rooms_above_direct_messages_and_digests(town: Town, spelled: str) -> None:
    town.say("09:00", "R-1", "r1", LEAK + spelled, name=NAME)
    town.say("09:01", "R-1", "r2", f"我家也是，{spelled}", name=NAME)
    town.say("09:05", "R-1", "u-1", f"吹哨 1001 {spelled}", name=NAME)
    town.say("09:10", "R-B", "u-b", "接单 1001", name=NAME)
    town.say("09:15", "R-B", "u-b", f"进展 1001 在路上，{spelled}")
    town.say("09:20", None, "u-b", "我的待办")
    town.say("09:21", None, "u-b", "查询 1001")
    town.say("09:25", "R-B", "u-b", f"上报 1001 {spelled}")
    town.say("09:30", "R-V", "u-v", f"退回 1001 {spelled}")
    town.say("09:35", "R-1", "r1", "催办 1001", name=NAME)
    town.say("09:40", "R-B", "u-b", f"挂起 1001 3天 等配件，{spelled}")
    town.say("09:45", "R-B", "u-b", f"办结 1001 换了管子，{spelled}")
    town.say("10:00", "R-1", "r1", f"没解决 1001，{spelled}", name=NAME)
    town.say("10:05", "R-2", "r3", f"快来人，有人摔倒了起不来，{spelled}", name=NAME)
    town.say("10:10", "R-2", "r4", kind="voice", name=NAME)
    town.say("10:20", "R-2", "u-2", f"不受理 1002 {spelled}")
    await town.play("+3 19:00")
    assert {send["room"] for send in town.sends()} >= {"R-1", "R-B", "R-V", None}
    reasons = {send["reason"] for send in town.sends()}
    assert reasons >= {"escalate", "alert", "digest", "nudge", "confirm", "notice", "answer"}
    for send in town.sends():
        assert hidden(send["text"]), send
    assert any("138****5678" in send["text"] for send in town.sends("escalate"))


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[App]:
    store = open_store(f"sqlite:///{tmp_path / 'live.db'}")
    bossy = [Role("u-a", NAME, RoleKind.ADMIN, "C"), Role("", NAME, RoleKind.SUPERVISOR, "V")]
    named = [replace(role, name=f"{role.name}{NAME}") for role in ROLES]
    roster = Roster(GRIDS, [*named, *bossy])
    await store.transact(lambda s: save_roster(s, roster, "first"))
    url = f"sqlite:///{tmp_path / 'live.db'}"
    config = replace(
        Config(), storage=StorageConfig(url), rates=RatesConfig(pause=timedelta(0))
    )  # fmt: skip
    clock = SetClock(moment("09:00"))
    app = build(config, store, roster, Network(mentions=False), clock)
    await app.ticker.start(clock())
    yield app
    await store.close()


async def told(app: App, texts: Iterable[str] = SPELLED, room: str = "R-1") -> None:
    for i, text in enumerate(texts):
        message = Message(f"{room}-{i}", app.clock(), room, f"r{i}", NAME, text=LEAK + text)
        await app.pipeline.receive(message)


def network(app: App) -> Network:
    assert isinstance(app.channel, Network)
    return app.channel


async def test_charts_and_names_put_in_for_mentions(app: App) -> None:
    await told(app)
    await app.outbox.drain()
    app.clock.now = moment("18:30")  # type: ignore[attr-defined]
    await app.ticker.run_due(app.clock)
    await app.outbox.drain()
    charts = [send.chart for send in network(app).sends if send.chart]
    assert charts
    assert any("138****5678" in chart for chart in charts)
    assert any("@" in text for _, text in network(app).said)
    assert hidden(*charts, *(text for _, text in network(app).said))


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
async def test_exports_unless_told(app: App, tmp_path: Path, kind: str) -> None:
    await told(app)
    out = tmp_path / f"out.{kind}"
    assert await office.export(app.config, out, unmasked=False) == 0
    assert hidden(*_cells(out))
    assert await office.export(app.config, out, unmasked=True) == 0
    assert not hidden(*_cells(out))


def _cells(out: Path) -> list[str]:
    if out.suffix == ".csv":
        files = (out, out.with_suffix(".history.csv"))
        return [file.read_text(encoding="utf-8-sig") for file in files]
    from openpyxl import load_workbook  # noqa: PLC0415 - one test alone

    book = load_workbook(out)
    return [str(cell) for sheet in book for row in sheet.values for cell in row]


async def test_the_officers_page(app: App) -> None:
    await told(app)
    web_app = web.Application()
    web_app.add_routes(Console(app).routes())
    async with TestClient(TestServer(web_app)) as client:
        pages = [await (await client.get(path)).text() for path in ("/", "/tickets/1001")]
    assert "138****5678" in pages[1]
    assert hidden(*pages)


async def test_the_log_of_a_fault_that_quotes_a_resident(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(scene: object) -> None:
        raise ValueError(scene.text)  # type: ignore[attr-defined]

    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(MaskingFormatter("%(asctime)s %(levelname)s %(message)s"))
    logging.getLogger("bot").addHandler(handler)
    monkeypatch.setattr(menu, "decide", fails)
    try:
        await told(app)
    finally:
        logging.getLogger("bot").removeHandler(handler)
    assert "Traceback" in written.getvalue()
    assert "138****5678" in written.getvalue()
    assert hidden(written.getvalue())


async def test_the_doctor(app: App, capsys: pytest.CaptureFixture[str]) -> None:
    await told(app)
    await doctor.examine(app.config)
    shown = capsys.readouterr().out
    assert "老张138****5678" in shown
    assert hidden(shown)


async def test_warnings_to_administrators(app: App) -> None:
    await Watch(app).tell([f"给{NAME}的消息发不出去：{SPELLED[0]}。"], app.clock())
    await app.outbox.drain()
    assert network(app).sends
    assert hidden(*(text for _, text in network(app).said))


def test_a_long_name_is_masked_before_it_is_cut() -> None:
    for length in range(14, 33):
        assert hidden(plain_name(f"{'柳' * length}{NUMBERS[0]}{'岸' * 20}"))
