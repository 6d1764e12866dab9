"""Everything that people send to a group, on the real protocol."""

from __future__ import annotations

import asyncio
import base64
import os

import aiohttp

from bot.channels.wechaty.wire import Said
from bot.models import Kind
from storage.base import Heard
from tests.gateway.conftest import Serve, Service
from tests.gateway.driver import BOT

LAMP = "3栋2单元门口的路灯坏了，晚上看不见路"
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


async def heard(service: Service, message_id: str) -> Heard:
    async with asyncio.timeout(20):
        while True:
            found = await service.app.store.read(lambda s: s.heard(message_id))
            if found:
                return found
            await asyncio.sleep(0.01)


async def kept(service: Service, message_id: str, state: str = "kept") -> None:
    async with asyncio.timeout(20):
        while True:
            found = await service.app.store.read(lambda s: s.attachment(message_id))
            if found and found.state == state:
                return
            await asyncio.sleep(0.02)


async def test_pictures_and_files_are_kept_shown_and_passed_on(serve: Serve) -> None:
    service = await serve()
    gateway = service.gateway
    await gateway.say("r1", "R-1", LAMP)
    await gateway.hears("1001号", "R-1")
    small = await gateway.order(
        "file", from_="r1", room="R-1", name="灯.png", base64=base64.b64encode(PNG).decode()
    )
    large = await gateway.order("file", from_="r1", room="R-1", name="楼道.jpg", size=300_000)
    paper = await gateway.order(
        "file", from_="r1", room="R-1", name="../说明.pdf", size=100, type=int(Said.ATTACHMENT)
    )
    for answer in (small, large, paper):
        await kept(service, answer["id"])
    folder = service.app.config.attachments.folder
    files = sorted(p for _, _, names in os.walk(folder) for p in names)
    assert len(files) == 3
    assert {name.rpartition(".")[2] for name in files} == {"png", "jpg", "pdf"}
    port = service.app.config.console.port
    async with aiohttp.ClientSession() as session:
        page = await session.get(f"http://127.0.0.1:{port}/tickets/1001")
        text = await page.text()
        assert text.count("/attachments/") >= 3
        picture = await session.get(f"http://127.0.0.1:{port}/attachments/{small['id']}")
        assert await picture.read() == PNG
        assert picture.content_type == "image/png"
        document = await session.get(f"http://127.0.0.1:{port}/attachments/{paper['id']}")
        assert document.headers["Content-Disposition"].startswith("attachment")
        listed = await (await session.get(f"http://127.0.0.1:{port}/")).text()
        assert "1001" in listed
        missing = await session.get(f"http://127.0.0.1:{port}/tickets/9999")
        assert missing.status == 404
    await gateway.say("u-1", "R-1", "吹哨 要换灯杆")
    await gateway.hears("1001号从", "R-B")
    await gateway.until(lambda: len([t for t in gateway.sent("R-B") if t.get("file")]) == 3)
    sizes = [t["size"] for t in gateway.sent("R-B") if t.get("file")]
    assert sizes == [len(PNG), 300_000, 100]
    assert not [t for t in gateway.sent("R-1") if t.get("file")]
    await gateway.order("file", from_="r1", room="R-1", name="又一张.png", size=400)
    await gateway.hears("又补了图片", "R-B")
    await gateway.until(lambda: [t for t in gateway.sent("R-B") if t.get("size") == 400])


async def test_a_picture_that_is_too_large_is_said_to_be_missing(serve: Serve) -> None:
    service = await serve()
    gateway = service.gateway
    await gateway.say("r1", "R-1", LAMP)
    await gateway.hears("1001号", "R-1")
    huge = await gateway.order("file", from_="r1", room="R-1", name="大.png", size=2 << 20)
    await kept(service, huge["id"], "gone")
    port = service.app.config.console.port
    async with aiohttp.ClientSession() as session:
        page = await session.get(f"http://127.0.0.1:{port}/tickets/1001")
        assert "超过1MB，没有保存" in await page.text()


async def test_a_picture_before_its_words_belongs_to_them(serve: Serve) -> None:
    service = await serve()
    gateway = service.gateway
    before = await gateway.order("file", from_="r1", room="R-1", name="a.png", size=500)
    other = await gateway.order("file", from_="r2", room="R-1", name="meme.png", size=500)
    await heard(service, other["id"])
    await gateway.say("r1", "R-1", LAMP)
    await gateway.hears("1001号", "R-1")
    await kept(service, before["id"])
    assert await service.app.store.read(lambda s: s.attachment(other["id"])) is None


async def test_voice_and_video_are_noted_and_the_leader_is_told_once(serve: Serve) -> None:
    service = await serve()
    gateway = service.gateway
    voice = await gateway.order(
        "file", from_="r1", room="R-1", name="a.sil", size=50, type=int(Said.AUDIO)
    )
    await gateway.order("file", from_="r1", room="R-1", name="a.mp4", size=50, type=int(Said.VIDEO))
    assert (await heard(service, voice["id"])).message.kind is Kind.VOICE
    told = await gateway.hears("语音", "u-1")
    assert "老张" in told["text"]
    await asyncio.sleep(0.3)
    assert len(gateway.sent("u-1")) == 1
    assert gateway.sent("R-1") == []
    await gateway.say("r1", "R-1", LAMP)
    await gateway.hears("1001号", "R-1")
    more = await gateway.order(
        "file", from_="r1", room="R-1", name="b.sil", size=50, type=int(Said.AUDIO)
    )
    await heard(service, more["id"])
    assert (await service.story()) == ["created", "added"]


async def test_a_place_from_the_map_is_read_as_words(serve: Serve) -> None:
    service = await serve()
    gateway = service.gateway
    await gateway.say("r1", "R-1", "路中间的井盖不见了，好危险")
    await gateway.hears("1001号", "R-1")
    answer = await gateway.order(
        "place", from_="r1", room="R-1", address="湖南省浏阳市金沙中路12号", name="桃园小区东门"
    )
    found = await heard(service, answer["id"])
    assert (found.message.kind, found.message.text) == (
        Kind.LOCATION, "湖南省浏阳市金沙中路12号 桃园小区东门",
    )  # fmt: skip
    assert found.ticket == 1001


async def test_a_quoted_reply_says_which_one_is_meant(serve: Serve) -> None:
    service = await serve()
    gateway = service.gateway
    await gateway.say("r1", "R-1", LAMP)
    await gateway.hears("1001号", "R-1")
    await gateway.say("r2", "R-1", "5栋下水道堵了，污水漫出来了")
    second = await gateway.hears("1002号", "R-1")
    line = "- - - - - - - - - - - - - - -"
    await gateway.say("u-1", "R-1", f"「接单助手：{second['text'][:30]}…」\n{line}\n接单")
    await gateway.hears("1002（", "R-1")
    await gateway.say("u-1", "R-1", f"「老张：{LAMP}」\n{line}\n我去看看")
    await gateway.hears("1001（", "R-1")
    assert await service.story(1001) == ["created", "claimed"]
    assert await service.story(1002) == ["created", "claimed"]
    said = await gateway.say("r2", "R-1", "楼上天天半夜吵")
    await heard(service, said)
    await gateway.say("u-1", "R-1", f"「李姐：楼上天天半夜吵」\n{line}\n下单")
    await gateway.hears("1003", "R-1")
    ticket = await service.app.store.read(lambda s: s.ticket(1003))
    assert ticket is not None
    assert (ticket.reporter, ticket.text) == ("r2", "楼上天天半夜吵")


async def test_what_is_taken_back_is_forgotten(serve: Serve) -> None:
    service = await serve()
    gateway = service.gateway
    said = await gateway.say("r1", "R-1", LAMP)
    await gateway.hears("1001号", "R-1")
    await gateway.order("recall", from_="r1", room="R-1", of=said)
    await gateway.hears("一并撤销", "R-1")
    assert (await heard(service, said)).message.text == ""
    assert await service.story() == ["created", "cancelled"]


async def test_at_everybody_is_not_a_call_for_the_bot(serve: Serve) -> None:
    service = await serve()
    gateway = service.gateway
    told = await gateway.say(
        "u-1", "R-1", "@所有人\u2005明天上午打疫苗，请带身份证", "announcement@all"
    )
    noted = await gateway.say("u-1", "R-1", "@所有人\u2005收到请回复", "r1", "r2", "u-1")
    assert (await heard(service, told)).message.mentions == ()
    assert (await heard(service, noted)).decision == "ignore"
    await gateway.say("r1", "R-1", f"@所有人\u2005{LAMP}", "notify@all")
    await gateway.hears("1001号", "R-1")
    assert len(gateway.sent("R-1")) == 1


async def test_our_own_words_and_a_siblings_are_no_requests(serve: Serve) -> None:
    service = await serve(BOT, "wxid_bot2")
    first, second = service.gateways
    for account, gateway in ((BOT, first), ("wxid_bot2", first), (BOT, second)):
        await gateway.say(account, "R-1", f"{LAMP}，{account}说的")
    last = await first.say("r1", "R-1", "大家早上好")
    await heard(service, last)
    await asyncio.sleep(0.3)
    assert first.sent() == second.sent() == []
    assert await service.app.store.read(lambda s: s.ticket(1001)) is None


async def test_a_name_with_control_characters_and_sixty_four_kilobytes(serve: Serve) -> None:
    service = await serve()
    gateway = service.gateway
    await gateway.order(
        "rename", who="r1", name="\u202e老\x07张\n\u200b【系统】" + "长" * 100, room="R-1"
    )
    said = await gateway.say("r1", "R-1", LAMP)
    await gateway.hears("1001号", "R-1")
    name = (await heard(service, said)).message.name
    assert name.startswith("老张 【系统】")
    assert len(name) == 32
    long = "路灯坏了，" + "啊" * 22_000  # 64 KB in UTF-8
    said = await gateway.say("r2", "R-1", long)
    assert (await heard(service, said)).message.text == long
    for odd in ("\x00", "「」\n- - - -\n", "\ud83d", "😀" * 500, "「" * 5000):
        said = await gateway.say("r2", "R-1", odd)
        assert (await heard(service, said)).decision != "failed"
    await gateway.say("u-1", "R-1", "接单 1001")
    await gateway.hears("由林网格接单了", "R-1")


async def test_names_are_known_and_change(serve: Serve) -> None:
    service = await serve()
    gateway = service.gateway
    first = await gateway.say("r1", "R-1", "早上好")
    assert (await heard(service, first)).message.name == "老张"
    await gateway.order("rename", who="r1", name="张三丰", room="R-1")
    await asyncio.sleep(0.3)
    second = await gateway.say("r1", "R-1", "吃了吗")
    assert (await heard(service, second)).message.name == "张三丰"
    direct = await gateway.say("r1", None, "你好")
    assert (await heard(service, direct)).message.room is None
