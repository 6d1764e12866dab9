"""WeCom's group robots (企业微信群机器人), webhooks that can only send.

Their interface: https://developer.work.weixin.qq.com/document/path/91770
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from io import BytesIO

import aiohttp
from yarl import URL

from bot.channels.base import (
    Abilities,
    AccountState,
    File,
    GoneError,
    Hears,
    Line,
    Receive,
    SendError,
    UnsureError,
)
from bot.models import Send

PREFIX = "wecom:"  # so an address begins; the robot's name follows
LONGEST = 2048  # bytes of UTF-8 in one text
LARGEST = 2 * 1024 * 1024  # bytes of a picture
MOST = 20  # messages of one robot a minute; each piece and each picture is one
REMEMBERED = 1000  # messages of which the channel knows how far they got
TOO_LARGE = "（图片太大，没有附上）"
UNFIT = "（文件的格式发不了，没有附上）"

_ABILITIES = Abilities(
    hears=Hears.NOTHING, pictures=True, mentions=False, quotes=False, recalls=False
)
_PICTURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")
_HEADERS = {"Content-Type": "application/json"}
_REASONS = {
    45009: "机器人说得太快，等一分钟再说",
    93000: "机器人的地址不对，或者它已经不在群里了",
}


@dataclass(frozen=True, slots=True)
class Robot:
    """A robot and its webhook. Raises ValueError, in Chinese, for an address of no use."""

    name: str
    url: str = field(repr=False)  # whoever has it can speak in the group

    def __post_init__(self) -> None:
        try:
            url = URL(self.url)
            good = url.scheme in {"http", "https"} and bool(url.host)
        except ValueError:
            good = False
        if not good:
            raise ValueError(f"机器人“{self.name}”的地址不对，从群里的机器人资料整条复制 https://…")


@dataclass(slots=True)
class _Mouth:
    """What a robot said last, and what went wrong with it."""

    robot: Robot
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    said: deque[float] = field(default_factory=lambda: deque(maxlen=MOST))
    why: str = ""


class Wecom:
    """Speaks as the robots; the address of each is ``wecom:<name>``, a room or a person."""

    def __init__(
        self, robots: Sequence[Robot], timeout: float = 15.0, window: float = 60.0
    ) -> None:
        """Both times are in seconds: for one request, and of the window of MOST messages."""
        self._mouths = {PREFIX + robot.name: _Mouth(robot) for robot in robots}
        self._timeout = aiohttp.ClientTimeout(total=timeout, connect=timeout * 2 / 3)
        self._window = window
        self._arrived: dict[tuple[str, str], list[str]] = {}

    async def run(self, receive: Receive) -> None:
        """See bot.channels.base; there is nothing to hear."""
        del receive
        await asyncio.Event().wait()

    def line(self, send: Send) -> Line | None:
        """See bot.channels.base."""
        address = _address(send)
        return Line(address, _ABILITIES) if address in self._mouths else None

    async def send(self, send: Send, key: str, files: Sequence[File] = ()) -> str:
        """See bot.channels.base; a further try leaves out the pieces that are known to be there."""
        mouth = self._mouths.get(_address(send))
        if mouth is None:
            raise SendError("没有这个机器人")
        name = mouth.robot.name
        async with mouth.lock:  # so that a message's pieces stay together
            arrived = self._arrived.setdefault((name, key), [])
            while len(self._arrived) > REMEMBERED:
                del self._arrived[next(iter(self._arrived))]
            known = arrived.copy()
            for body in _bodies(send.text, files):
                digest = hashlib.sha256(body).hexdigest()
                if digest in known:
                    known.remove(digest)
                    continue
                await self._say(mouth, body)
                arrived.append(digest)
            self._arrived.pop((name, key), None)
        return f"wecom-{name}-{key}"

    async def fetch(self, message_id: str, room: str | None, largest: int) -> File:
        """See bot.channels.base."""
        del message_id, room, largest
        raise GoneError("机器人听不到群里的消息，也就没有图片")

    def states(self) -> Sequence[AccountState]:
        """See bot.channels.base; a robot works until a message fails, and once one arrives."""
        return [
            AccountState(address, not mouth.why, mouth.why, rooms=1)
            for address, mouth in self._mouths.items()
        ]

    async def _say(self, mouth: _Mouth, body: bytes) -> None:
        said = mouth.said
        while len(said) == MOST and (wait := said[0] + self._window - time.monotonic()) > 0:
            await asyncio.sleep(wait)
        try:
            _check(*await self._post(mouth.robot.url, body))
        except SendError as error:
            mouth.why = str(error)
            raise
        finally:
            said.append(time.monotonic())  # at the end: it can't have been counted later than this
        mouth.why = ""

    async def _post(self, url: str, body: bytes) -> tuple[int, bytes]:
        # A session each time: an idle connection that broke, or another network's fault that ends
        # run(), would leave nobody knowing what arrived. Errors of aiohttp may hold the key.
        try:
            async with aiohttp.ClientSession(timeout=self._timeout, headers=_HEADERS) as session:
                response = await session.post(url, data=BytesIO(body), allow_redirects=False)
                return response.status, await response.read()
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL):
            raise SendError("连不上企业微信，检查一下网络") from None
        except TimeoutError:
            raise UnsureError("企业微信一直没有回音") from None
        except (aiohttp.ClientError, OSError):
            raise UnsureError("和企业微信的连接断了") from None


def pieces(text: str) -> list[str]:
    """Cut a text into pieces that a robot can say, at the ends of lines where there are any."""
    text = text.encode(errors="replace").decode()  # half an emoji can't be sent
    found = []
    while text:
        head = text.encode()[:LONGEST].decode(errors="ignore")
        if len(head) < len(text) and text[len(head)] != "\n":
            head = head[: head.rfind("\n") + 1] or head
        found.append(head.strip("\n"))
        text = text[len(head) :].lstrip("\n")
    return [piece for piece in found if piece.strip()]


def _address(send: Send) -> str:
    return send.room if send.room is not None else send.to or ""


def _bodies(text: str, files: Sequence[File]) -> Iterator[bytes]:
    """Yield the requests that a message takes: its text, then its pictures."""
    pictures = [file.data for file in files if file.data.startswith(_PICTURES)]
    fitting = [data for data in pictures if len(data) <= LARGEST]
    lines = [text.replace("<@", "＜@")]  # what people write must not ring as <@all>
    lines += [TOO_LARGE] if len(fitting) < len(pictures) else []
    lines += [UNFIT] if len(pictures) < len(files) else []
    for piece in pieces("\n".join(lines)):
        yield _body("text", {"content": piece})
    for data in fitting:
        md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
        yield _body("image", {"base64": base64.b64encode(data).decode(), "md5": md5})


def _body(kind: str, content: dict[str, str]) -> bytes:
    return json.dumps({"msgtype": kind, kind: content}, ensure_ascii=False).encode()


def _check(status: int, answer: bytes) -> None:
    """Raise SendError unless the answer says that the message arrived."""
    if 300 <= status < 500:
        raise SendError(f"企业微信没有收（HTTP {status}）")
    try:
        code = int(json.loads(answer)["errcode"])
    except (ValueError, TypeError, KeyError):
        raise UnsureError(f"看不懂企业微信的回音（HTTP {status}）") from None
    if code != 0:
        raise SendError(f"{_REASONS.get(code, '企业微信没有收')}（errcode {code}）")
