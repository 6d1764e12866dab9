"""The WeCom group robots, against a server as strict as WeCom's documentation."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import inspect
import io
import json
import logging
import socket
import time
import traceback
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels import wecom
from bot.channels.base import Channel, File, GoneError, Hears, SendError, UnsureError
from bot.channels.wecom import Robot, Wecom
from bot.models import Kind, Reason, Send
from tests.channels.wecom_server import (
    BREAK,
    GARBAGE,
    HANG,
    JPEG,
    LARGEST,
    NONSENSE,
    PNG,
    WecomServer,
)

KEY = "693a91f6-7aoc-4bc4-97a0-0ec2sifa5aaa"
OTHER_KEY = "0ec2sifa-7aoc-4bc4-97a0-693a91f65bbb"
WINDOW = 0.3
SMALL = File("a.png", PNG + b"small")


@pytest.fixture
async def server() -> AsyncIterator[WecomServer]:
    async with WecomServer(KEY, OTHER_KEY, window=WINDOW) as server:
        yield server


@pytest.fixture
def robot(server: WecomServer) -> Wecom:
    return speaker(server.url())


def speaker(url: str, timeout: float = 5.0) -> Wecom:
    return Wecom([Robot("街道", url)], timeout=timeout, window=WINDOW)


def to(text: str, name: str = "街道", **more: Any) -> Send:
    return Send(Reason.DIGEST, text, room=f"wecom:{name}", **more)


def closed_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


async def failure(channel: Wecom, key: str = "1", text: str = "日报") -> SendError:
    with pytest.raises(SendError) as caught:
        await channel.send(to(text), key)
    return caught.value


async def test_text_and_pictures_arrive_in_order(server, robot):
    photo = File("b.jpg", JPEG + b"photo")
    assert await robot.send(to("今日日报：办结3件 🎉"), "7", [SMALL, photo]) == "wecom-街道-7"
    assert [s.content for s in server.shown] == ["今日日报：办结3件 🎉", SMALL.data, photo.data]
    assert {s.key for s in server.shown} == {KEY}


async def test_a_picture_goes_without_words(server, robot):
    await robot.send(to(""), "1", [SMALL])
    assert [s.content for s in server.shown] == [SMALL.data]


async def test_a_robot_is_reached_as_a_person_too(server, robot):
    send = Send(Reason.DIGEST, "日报", to="wecom:街道")
    assert robot.line(send)
    await robot.send(send, "1")
    assert server.texts == ["日报"]


async def test_each_robot_has_its_group(server):
    both = Wecom([Robot("街道", server.url()), Robot("社区", server.url(OTHER_KEY))])
    await asyncio.gather(both.send(to("一"), "1"), both.send(to("二", "社区"), "2"))
    assert {(s.key, s.content) for s in server.shown} == {(KEY, "一"), (OTHER_KEY, "二")}


@pytest.mark.parametrize("start", ["", "a", "ab"])
async def test_a_long_text_arrives_complete(server, robot, start):
    text = start + "路灯不亮，" * 1000
    await robot.send(to(text), "1")
    assert "".join(server.texts) == text
    assert len(server.texts) == 8  # no more of them than it takes


async def test_a_long_text_is_cut_at_the_ends_of_lines(server, robot):
    lines = [f"{n}. " + "楼道灯坏了" * (n % 40 + 1) for n in range(60)]
    await robot.send(to("\n".join(lines)), "1")
    assert len(server.texts) > 2
    assert "\n".join(server.texts).split("\n") == lines


async def test_a_text_of_just_the_length_is_one_piece(server, robot):
    await robot.send(to("a" * 1022 + "\n" + "b" * 1025), "1")
    await robot.send(to("a" * 1022 + "\n" + "b" * 1026), "2")
    await robot.send(to("a" * 1022 + "\n" + "b" * 1025 + "\nc"), "3")
    assert [len(text) for text in server.texts] == [2048, 1022, 1026, 2048, 1]


@given(st.lists(st.text(st.sampled_from("a中🎉\n \ud83d"), max_size=900), max_size=6).map("".join))
def test_pieces_are_short_and_lose_nothing(text):
    pieces = wecom.pieces(text)
    assert all(len(piece.encode()) <= 2048 and piece.strip() for piece in pieces)
    kept = text.encode(errors="replace").decode()
    assert "".join("".join(pieces).split()) == "".join(kept.split())


async def test_nobody_rings_everybody_by_writing_so(server, robot):
    await robot.send(to("<@all> 停水了"), "1")
    assert server.texts == ["＜@all> 停水了"]


async def test_what_is_too_large_stays_behind_and_the_text_says_so(server, robot):
    fits = File("fits.png", PNG + bytes(LARGEST - len(PNG)))
    too_large = File("large.png", fits.data + b"x")
    await robot.send(to("看图"), "1", [too_large, fits])
    assert [s.content for s in server.shown] == ["看图\n（图片太大，没有附上）", fits.data]


async def test_what_is_no_picture_stays_behind_and_the_text_says_so(server, robot):
    await robot.send(to("看表"), "1", [File("a.pdf", b"%PDF", Kind.FILE), File("a.gif", b"GIF89a")])
    assert [s.content for s in server.shown] == ["看表\n（文件的格式发不了，没有附上）"]


async def test_what_stays_behind_is_said_even_without_words(server, robot):
    await robot.send(to(""), "1", [File("large.png", PNG + bytes(LARGEST))])
    assert server.texts == ["（图片太大，没有附上）"]


async def test_what_stays_behind_is_said_in_the_last_piece_however_long(server, robot):
    await robot.send(to("好" * 682), "1", [File("large.png", PNG + bytes(LARGEST))])
    assert server.texts == ["好" * 682, "（图片太大，没有附上）"]


async def test_thirty_messages_at_once_keep_the_limit_and_all_arrive(server, robot):
    began = time.monotonic()
    await asyncio.gather(*(robot.send(to(f"第{n}条"), str(n)) for n in range(30)))
    assert server.texts == [f"第{n}条" for n in range(30)]
    assert (server.too_fast, server.most) == (0, 20)
    assert WINDOW <= time.monotonic() - began < 2 * WINDOW  # it waits no longer than it must


async def test_pieces_and_pictures_count_for_the_limit(server, robot):
    text = "\n".join(["好" * 682] * 22)
    await robot.send(to(text), "1", [SMALL] * 3)
    assert (len(server.texts), len(server.pictures)) == (22, 3)
    assert (server.too_fast, server.most) == (0, 20)


async def test_refused_messages_count_for_the_limit(server, robot):
    server.refuse(15)
    for n in range(15):
        await failure(robot, str(n))
    await asyncio.gather(*(robot.send(to("好"), str(n)) for n in range(15)))
    assert (server.too_fast, server.most) == (0, 20)


async def test_messages_at_once_keep_their_pieces_together(server, robot):
    a, b = "啊" * 1500, "吧" * 1500
    await asyncio.gather(robot.send(to(a), "1", [SMALL]), robot.send(to(b), "2"))
    assert [s.content[0] for s in server.shown] == ["啊", "啊", "啊", PNG[0], "吧", "吧", "吧"]


@pytest.mark.parametrize("trouble", [-1, 502, 404])
async def test_a_further_try_goes_on_where_the_first_stopped(server, robot, trouble):
    text = "一" * 682 + "二" * 682 + "三"
    server.then(None, trouble, None, trouble)
    for _ in range(2):
        with pytest.raises(SendError):
            await robot.send(to(text), "1", [SMALL])
    await robot.send(to(text), "1", [SMALL])
    assert [s.content for s in server.shown] == ["一" * 682, "二" * 682, "三", SMALL.data]


async def test_a_further_try_tells_equal_pieces_apart(server, robot):
    server.then(None, None, -1)
    with pytest.raises(SendError):
        await robot.send(to("两张图"), "1", [SMALL, SMALL])
    await robot.send(to("两张图"), "1", [SMALL, SMALL])
    assert [s.content for s in server.shown] == ["两张图", SMALL.data, SMALL.data]


async def test_another_message_with_the_same_words_goes_out_whole(server, robot):
    text = "一" * 682 + "二"
    server.then(None, -1)
    await failure(robot, "1", text)
    await robot.send(to(text), "2")
    assert server.texts == ["一" * 682, "一" * 682, "二"]


async def test_a_message_that_arrived_is_remembered_no_longer(server, robot):
    for _ in range(2):
        await robot.send(to("好"), "1")
    assert server.texts == ["好", "好"]


async def test_the_memory_of_what_arrived_is_bounded(server, robot, monkeypatch):
    monkeypatch.setattr(wecom, "REMEMBERED", 2)
    text = "一" * 682 + "二"
    server.then(*[None, -1] * 3)
    for key in "123":
        await failure(robot, key, text)
    server.shown.clear()
    await robot.send(to(text), "3")
    assert server.texts == ["二"]
    await robot.send(to(text), "1")
    assert server.texts == ["二", "一" * 682, "二"]


async def test_a_wrong_key_is_told_until_a_message_arrives(server, robot):
    wrong = speaker(server.url("wrong"))
    error = await failure(wrong)
    assert str(error) == "机器人的地址不对，或者它已经不在群里了（errcode 93000）"
    assert not isinstance(error, UnsureError)
    (state,) = wrong.states()
    assert (state.name, state.working, state.why) == ("wecom:街道", False, str(error))
    server.then(-1)
    await failure(robot)
    assert not robot.states()[0].working
    await robot.send(to("日报"), "1")
    (state,) = robot.states()
    assert (state.name, state.working, state.why, state.rooms) == ("wecom:街道", True, "", 1)


async def test_a_robot_that_has_spoken_before_a_restart_is_told_to_wait(server, robot):
    await asyncio.gather(*(robot.send(to("好"), str(n)) for n in range(20)))
    error = await failure(speaker(server.url()))
    assert str(error) == "机器人说得太快，等一分钟再说（errcode 45009）"
    assert not isinstance(error, UnsureError)
    assert server.too_fast == 1


async def test_other_refusals_give_their_code(server, robot):
    server.refuse(1, errcode=40058)
    assert str(await failure(robot)) == "企业微信没有收（errcode 40058）"


async def test_no_answer_in_time_leaves_it_unsure(server):
    server.then(HANG)
    began = time.monotonic()
    error = await failure(speaker(server.url(), timeout=0.2))
    assert isinstance(error, UnsureError)
    assert 0.2 <= time.monotonic() - began < 1
    assert server.requests == 1


def test_an_answer_may_take_fifteen_seconds():
    assert inspect.signature(Wecom).parameters["timeout"].default == 15


@pytest.mark.parametrize("trouble", [BREAK, NONSENSE, GARBAGE, 500, 502])
async def test_a_lost_answer_leaves_it_unsure(server, robot, trouble):
    server.then(trouble)
    assert isinstance(await failure(robot), UnsureError)
    assert server.requests == 1  # nothing is repeated behind the outbox's back
    assert not robot.states()[0].working


@pytest.mark.parametrize("status", [302, 307, 404])
async def test_what_wecom_did_not_take_is_no_doubt_and_nobody_is_sent_elsewhere(
    server, robot, status
):
    server.then(status)
    error = await failure(robot)
    assert (str(error), type(error)) == (f"企业微信没有收（HTTP {status}）", SendError)
    assert server.requests == 1


@pytest.mark.parametrize(
    "host",
    [f"127.0.0.1:{closed_port()}", ".".join(["a" * 60] * 5)],
    ids=["a closed port", "a name too long"],
)
async def test_no_connection_means_that_nothing_was_sent(host):
    error = await failure(speaker(f"http://{host}/?key={KEY}"))
    assert (str(error), type(error)) == ("连不上企业微信，检查一下网络", SendError)


async def test_a_connection_that_takes_too_long_means_that_nothing_was_sent():
    silent = socket.create_server(("127.0.0.1", 0))  # TLS never begins
    with silent:
        url = f"https://127.0.0.1:{silent.getsockname()[1]}/?key={KEY}"
        error = await failure(speaker(url, timeout=0.2))
    assert type(error) is SendError


async def test_no_connection_is_kept_that_could_break_meanwhile(server, robot):
    for n in range(3):
        await robot.send(to("好"), str(n))
    assert len({s.port for s in server.shown}) == 3


async def test_an_unknown_robot_has_no_line(server, robot):
    assert robot.line(to("好")).account == "wecom:街道"
    for address in ("wecom:别处", "街道", "wecom:", ""):
        assert robot.line(Send(Reason.DIGEST, "好", room=address)) is None
        assert robot.line(Send(Reason.DIGEST, "好", to=address)) is None
    for room in ("R-1", ""):
        assert robot.line(Send(Reason.DIGEST, "好", room=room, to="wecom:街道")) is None
    with pytest.raises(SendError, match="没有这个机器人"):
        await robot.send(to("好", "别处"), "1")
    assert server.requests == 0


async def test_what_a_robot_can_do(robot):
    channel: Channel = robot
    can = channel.line(to("好")).abilities
    assert can.hears is Hears.NOTHING
    assert (can.pictures, can.first, can.paced) == (True, True, True)
    assert not any((can.mentions, can.quotes, can.recalls, can.idempotent))


async def test_there_is_nothing_to_fetch(robot):
    with pytest.raises(GoneError):
        await robot.fetch("m1", None, 1000)


async def test_it_runs_until_cancelled_and_speaks_before_and_after(server, robot):
    async def receive(message: object) -> None:
        raise AssertionError(message)

    running = asyncio.create_task(robot.run(receive))
    await robot.send(to("一"), "1")
    assert not running.done()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    await robot.send(to("二"), "2")
    assert server.texts == ["一", "二"]


async def test_a_send_that_is_cancelled_leaves_the_robot_free(server, robot):
    server.then(HANG)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await robot.send(to("一"), "1")
    await robot.send(to("二"), "2")
    assert server.texts == ["二"]


async def test_the_key_is_in_no_error_and_no_log(server, caplog):
    caplog.set_level(logging.DEBUG)
    robot = speaker(server.url(), timeout=0.3)
    server.then(45009, 93000, BREAK, NONSENSE, GARBAGE, 302, 404, 502, HANG)
    errors = [await failure(robot) for _ in range(9)]
    errors.append(await failure(speaker(server.url(KEY + "x"))))
    errors.append(await failure(speaker(f"http://127.0.0.1:{closed_port()}/?key={KEY}")))
    with pytest.raises(ValueError, match="地址不对") as caught:
        Robot("街道", f"qyapi.weixin.qq.com/?key={KEY}")
    whole = [caplog.text, repr(Robot("街道", server.url())), repr(robot.states())]
    for error in (*errors, caught.value):
        whole += [repr(error), *traceback.format_exception(error)]
    assert KEY not in "\n".join(whole)


@pytest.mark.parametrize(
    "url",
    ["", "abc", "ftp://qyapi.weixin.qq.com/x", "file:///etc/passwd", "https://", "https://[x/",
     "https://a:99999/", "//qyapi.weixin.qq.com/x", "https:///x?key=1"],
)  # fmt: skip
def test_a_bad_address_is_told_in_one_line(url):
    with pytest.raises(ValueError, match=r"^机器人“街道”的地址不对，") as caught:
        Robot("街道", url)
    assert "\n" not in str(caught.value)


def _text(content: Any) -> dict[str, Any]:
    return {"msgtype": "text", "text": {"content": content}}


def _image(data: bytes, md5: str = "") -> dict[str, Any]:
    md5 = md5 or hashlib.md5(data, usedforsecurity=False).hexdigest()
    return {"msgtype": "image", "image": {"base64": base64.b64encode(data).decode(), "md5": md5}}


async def _post(server: WecomServer, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    async with server, aiohttp.ClientSession(headers=headers) as session:
        answer = await (await session.post(server.url(), data=io.BytesIO(body))).json()
        assert answer["errcode"] == 40058, answer


@pytest.mark.parametrize(
    "message",
    [{}, [], _text(""), _text(7), _text("好" * 683), {"msgtype": "voice", "voice": {}},
     _text("好") | {"more": 1}, _image(PNG, "0" * 32), _image(b"GIF89a"),
     _image(PNG + bytes(LARGEST)), {"msgtype": "image", "image": {"base64": "?", "md5": ""}}],
)  # fmt: skip
async def test_the_server_is_strict(message):
    server = WecomServer(KEY)
    with pytest.raises(AssertionError) as caught:
        await _post(server, json.dumps(message).encode())
    assert len(server.faults) == 1
    assert str(caught.value) == str(server.faults)
    assert not server.shown
