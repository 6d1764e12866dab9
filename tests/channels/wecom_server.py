"""WeCom's side of a group robot, on the loopback: as strict as its documentation.

https://developer.work.weixin.qq.com/document/path/91770
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import json
import time
from collections import deque
from dataclasses import dataclass
from typing import Any, Self

from aiohttp import web

PNG = b"\x89PNG\r\n\x1a\n"
JPEG = b"\xff\xd8\xff"
LONGEST = 2048
LARGEST = 2 * 1024 * 1024
MOST = 20
PATH = "/cgi-bin/webhook/send"

HANG = "hang"
"""Never answers; the group sees nothing."""
BREAK = "break"
"""Shows the message in the group and breaks the connection instead of answering."""
NONSENSE = "nonsense"
"""Shows the message in the group and answers something that isn't HTTP."""
GARBAGE = "garbage"
"""Shows the message in the group and answers something that isn't JSON."""


@dataclass(frozen=True)
class Shown:
    """What the group saw: a text or a picture."""

    key: str
    content: str | bytes
    at: float
    port: int
    """The sender's; a connection of its own has one of its own."""


class WecomServer:
    """Takes messages for the robots of ``keys``; ``async with`` fails if one was malformed.

    ``then`` says what becomes of the next requests: ``None`` is the usual, a number above 599 that
    errcode, another number that HTTP status, else HANG, BREAK, NONSENSE or GARBAGE.
    """

    def __init__(self, *keys: str, window: float = 60.0) -> None:
        self.keys = keys
        self.window = window
        self.shown: list[Shown] = []
        self.faults: list[str] = []
        self.requests = 0
        self.too_fast = 0
        self.most = 0
        """Requests of one robot within one window, at most."""
        self._next: deque[int | str | None] = deque()
        self._hits: dict[str, deque[float]] = {key: deque() for key in keys}
        self._closing = asyncio.Event()

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=4 * LARGEST)
        app.router.add_route("*", "/{path:.*}", self._take)
        # no access log: it would have the key, and the tests look for that in the program's
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.port: int = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._closing.set()
        await self._runner.cleanup()
        if kind is None:
            assert not self.faults, self.faults

    def url(self, key: str | None = None) -> str:
        return f"http://127.0.0.1:{self.port}{PATH}?key={self.keys[0] if key is None else key}"

    def then(self, *acts: int | str | None) -> None:
        self._next.extend(acts)

    def refuse(self, times: int, errcode: int = -1) -> None:
        self.then(*[errcode] * times)

    @property
    def texts(self) -> list[str]:
        return [shown.content for shown in self.shown if isinstance(shown.content, str)]

    @property
    def pictures(self) -> list[bytes]:
        return [shown.content for shown in self.shown if isinstance(shown.content, bytes)]

    async def _take(self, request: web.Request) -> web.Response:
        data = await request.read()
        now = time.monotonic()
        self.requests += 1
        key = request.query.get("key", "")
        act = self._next.popleft() if self._next else None
        if act == HANG:
            await self._closing.wait()
            return web.Response()
        if isinstance(act, int) and 0 < act < 600:
            return web.Response(status=act, headers={"Location": self.url()}, text="<html>")
        if key not in self.keys:
            return _answer(93000, f"invalid webhook url, key={key}")
        if not self._in_time(key, now):
            return _answer(45009, f"api freq out of limit, key={key}")
        try:
            content = _read(request, data)
        except (ValueError, KeyError, TypeError) as error:
            self.faults.append(str(error))
            return _answer(40058, f"{error}, key={key}")
        if isinstance(act, int):
            return _answer(act, f"system busy, key={key}")
        assert request.transport
        port = request.transport.get_extra_info("peername")[1]
        self.shown.append(Shown(key, content, now, port))
        if act == NONSENSE:
            request.transport.write(b"nonsense\r\n\r\n")
            request.transport.close()
        if act == BREAK:
            request.transport.abort()
        return web.Response(text="<html>") if act == GARBAGE else _answer(0, "ok")

    def _in_time(self, key: str, now: float) -> bool:
        """Count a request, refused or not."""
        hits = self._hits[key]
        while hits and now - hits[0] >= self.window:
            hits.popleft()
        hits.append(now)
        self.most = max(self.most, len(hits))
        self.too_fast += len(hits) > MOST
        return len(hits) <= MOST


def _answer(errcode: int, errmsg: str) -> web.Response:
    return web.json_response({"errcode": errcode, "errmsg": errmsg})


def _read(request: web.Request, data: bytes) -> str | bytes:
    """Return the text or the picture of a request; raise ValueError for what isn't documented."""
    _must(request.method == "POST", f"method {request.method}")
    _must(request.path == PATH, f"path {request.path}")
    _must(request.content_type == "application/json", f"content type {request.content_type}")
    message = json.loads(data.decode("utf-8"))
    kind = message["msgtype"]
    _must(kind in {"text", "image"}, f"msgtype {kind}")
    _must(set(message) == {"msgtype", kind}, f"fields {sorted(message)}")
    return _text(message["text"]) if kind == "text" else _image(message["image"])


def _text(text: dict[str, Any]) -> str:
    _must(set(text) <= {"content", "mentioned_list", "mentioned_mobile_list"}, f"text {set(text)}")
    content = text["content"]
    _must(isinstance(content, str) and content.strip() != "", "empty content")
    _must(len(content.encode("utf-8")) <= LONGEST, f"content of {len(content.encode())} bytes")
    for field in ("mentioned_list", "mentioned_mobile_list"):
        people = text.get(field, [])
        _must(isinstance(people, list) and all(isinstance(p, str) for p in people), field)
    return str(content)


def _image(image: dict[str, Any]) -> bytes:
    _must(set(image) == {"base64", "md5"}, f"image {set(image)}")
    try:
        data = base64.b64decode(image["base64"], validate=True)
    except binascii.Error as error:
        raise ValueError(f"base64: {error}") from error
    _must(hashlib.md5(data, usedforsecurity=False).hexdigest() == image["md5"], "wrong md5")
    _must(len(data) <= LARGEST, f"image of {len(data)} bytes")
    _must(data.startswith((PNG, JPEG)), "neither PNG nor JPEG")
    return data


def _must(good: bool, fault: str) -> None:
    if not good:
        raise ValueError(fault)
