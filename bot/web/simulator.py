"""The simulator's web side: who is there, what was said, saying something, and the clock."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from importlib.resources import files
from typing import Any

from aiohttp import WSMsgType, web

from bot.app import App
from bot.channels.simulator import Simulator
from bot.charts import draw
from bot.clock import ShiftedClock
from bot.models import Grid, Kind, Level, Message, RoleKind
from handlers.categories import category_name
from storage.base import Said, Session, StorageError

_LEADERS = {
    Level.MICROGRID: ("长", "微网格长"), Level.BRANCH: ("书记", "支部书记"),
    Level.VILLAGE: ("书记", "村（社区）书记"), Level.TOWNSHIP: ("干部", "街道干部"),
    Level.CITY: ("干部", "市级"),
}  # fmt: skip
_ROLES = {
    RoleKind.DEPUTY: "副手", RoleKind.MEMBER: "党员", RoleKind.SUPERVISOR: "督导",
    RoleKind.ADMIN: "管理员",
}  # fmt: skip
_LONGEST = 65536
_FRESH = {"Cache-Control": "no-cache"}  # after an update the page must not be yesterday's
AHEAD = "clock-ahead"
"""The setting that holds how many seconds the simulator's clock is ahead."""


@dataclass(frozen=True, slots=True)
class Resident:
    """Somebody who lives in a household group."""

    id: str
    name: str
    room: str


class SimulatorPage:
    """Serves the page and its four calls."""

    def __init__(
        self, app: App, network: Simulator, clock: ShiftedClock, residents: Sequence[Resident]
    ) -> None:
        self._app = app
        self._network = network
        self._clock = clock
        self._residents = residents
        self._names = {r.person: r.name for r in app.roster.roles} | {
            r.id: r.name for r in residents
        }
        self._watchers: set[asyncio.Event] = set()
        self._moving = asyncio.Lock()
        self._ids = itertools.count(1)

    def routes(self) -> list[web.AbstractRouteDef]:
        """Return the page's addresses."""
        return [
            web.get("/", self._page),
            web.get("/api/world", self._world),
            web.get("/api/stream", self._stream),
            web.get("/api/pictures/{id}.png", self._picture),
            web.post("/api/say", self._say),
            web.post("/api/clock", self._move_clock),
            web.get("/static/{name}", self._static),
        ]

    def changed(self) -> None:
        """Wake the open pages."""
        for watcher in self._watchers:
            watcher.set()

    async def _page(self, _: web.Request) -> web.StreamResponse:
        page = (files("bot.web") / "static" / "index.html").read_text(encoding="utf-8")
        return web.Response(text=page, content_type="text/html", headers=_FRESH)

    async def _static(self, request: web.Request) -> web.StreamResponse:
        file = files("bot.web") / "static" / request.match_info["name"]
        kinds = {"js": "text/javascript", "css": "text/css"}
        kind = kinds.get(request.match_info["name"].rpartition(".")[2])
        if kind is None or not file.is_file():
            raise web.HTTPNotFound
        text = file.read_text(encoding="utf-8")
        return web.Response(text=text, content_type=kind, headers=_FRESH)

    # who is there

    async def _world(self, _: web.Request) -> web.Response:
        rooms = [_room(grid) for grid in self._app.roster.grids if grid.room]
        people = [*self._resident_rows(), *self._role_rows()]
        return web.json_response({"now": self._now(), "rooms": rooms, "people": people})

    def _resident_rows(self) -> list[dict[str, Any]]:
        rows = []
        for resident in self._residents:
            grid = self._app.roster.by_room(resident.room)
            title = f"{grid.name if grid else ''}居民"
            rows.append({"id": resident.id, "name": resident.name, "title": title,
                         "group": "居民", "rooms": [resident.room]})  # fmt: skip
        return rows

    def _role_rows(self) -> list[dict[str, Any]]:
        roster = self._app.roster
        people: dict[str, dict[str, Any]] = {}
        for role in roster.roles:
            grid = roster.grid(role.grid)
            if not role.person or grid is None:
                continue
            title, group = _LEADERS[grid.level]
            if role.kind in _ROLES:
                title = group = _ROLES[role.kind]
            row = people.setdefault(role.person, {
                "id": role.person, "name": role.name, "title": "", "group": group, "rooms": [],
            })  # fmt: skip
            row["title"] += f"{'、' if row['title'] else ''}{grid.name}{title}"
            reaches = [grid, *roster.below(grid.code)] if role.kind is RoleKind.LEADER else [grid]
            row["rooms"] += [g.room for g in reaches if g.room and g.room not in row["rooms"]]
        return list(people.values())

    # what was said

    async def _stream(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(heartbeat=20)
        await socket.prepare(request)
        watcher = asyncio.Event()
        self._watchers.add(watcher)
        feed = asyncio.create_task(self._feed(socket, watcher))
        try:
            async for message in socket:
                if message.type == WSMsgType.ERROR:
                    break
        finally:
            feed.cancel()
            self._watchers.discard(watcher)
        return socket

    async def _feed(self, socket: web.WebSocketResponse, watcher: asyncio.Event) -> None:
        heard = sent = 0
        while not socket.closed:
            watcher.clear()
            said = await self._app.store.read(partial(_chat_after, heard=heard, sent=sent))
            heard = max([heard, *(s.place for s in said if s.message)])
            sent = await self._app.store.read(partial(_settled, said=said, sent=sent))
            if said:
                await socket.send_json({"type": "items", "items": [self._item(s) for s in said]})
            await socket.send_json({"type": "clock", "now": self._now()})
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1):
                    await watcher.wait()

    def _item(self, said: Said) -> dict[str, Any]:
        item: dict[str, Any] = {
            "seq": said.place, "id": said.id, "at": self._app.local(said.at).isoformat(),
            "to": None, "kind": "text", "quote": None, "reason": "", "tickets": [],
            "picture": None,
        }  # fmt: skip
        if said.message:
            return item | self._heard(said.message)
        send = said.send
        if send is None:
            return item
        picture = f"/api/pictures/{said.place}.png" if send.chart else None
        return item | {
            "from": "bot", "room": send.room, "to": send.to, "sender": "", "name": "接单助手",
            "text": send.text, "reason": send.reason, "picture": picture,
            "mentions": [self._names.get(m, m) for m in send.mentions],
            "tickets": [str(n) for n in send.tickets],
        }  # fmt: skip

    def _heard(self, message: Message) -> dict[str, Any]:
        return {
            "from": "person", "room": message.room, "sender": message.sender,
            "name": message.name, "kind": message.kind, "text": message.text,
            "quote": message.quote,
            "mentions": [self._names.get(m, m) for m in message.mentions],  # "@bot" stays
        }  # fmt: skip

    async def _picture(self, request: web.Request) -> web.Response:
        place = request.match_info["id"]
        if not place.isdecimal():
            raise web.HTTPNotFound
        said = await self._app.store.read(lambda s: s.chat_after(1 << 60, int(place) - 1))
        row = next((s for s in said if s.place == int(place) and s.send), None)
        if row is None or row.send is None or not row.send.chart:
            raise web.HTTPNotFound
        chart = row.send.chart
        png = await asyncio.to_thread(draw, chart, category_name)
        return web.Response(body=png, content_type="image/png")

    # saying something

    async def _say(self, request: web.Request) -> web.Response:
        try:
            message = self._message(await request.json())
        except (ValueError, TypeError, AttributeError, json.JSONDecodeError):
            return web.json_response({"error": "这句话没发出去，格式不对"}, status=400)
        try:
            outcome = await self._network.hear(message)
        except StorageError as error:
            return web.json_response({"error": str(error)}, status=503)
        self.changed()
        return web.json_response({"outcome": outcome})

    def _message(self, data: Mapping[str, Any]) -> Message:
        sender, text = str(data["sender"]), str(data.get("text") or "")
        room = data.get("room")
        if len(text) > _LONGEST or (room is not None and self._app.roster.by_room(room) is None):
            raise ValueError("room or text")
        now = self._clock()
        return Message(
            id=f"sim-{now.timestamp():.6f}-{next(self._ids)}", at=now, room=room, sender=sender,
            name=self._names.get(sender, sender), kind=Kind(data.get("kind") or "text"),
            text=text, mentions=tuple(map(str, data.get("mentions") or ())),
            quote=data.get("quote") or None,
        )  # fmt: skip

    # the clock

    async def _move_clock(self, request: web.Request) -> web.Response:
        try:
            target = self._target(await request.json())
        except (ValueError, TypeError, KeyError, AttributeError, json.JSONDecodeError):
            return web.json_response({"error": "时钟没动，格式不对"}, status=400)
        async with self._moving:
            await self._run_to(target)
        self.changed()
        return web.json_response({"now": self._now()})

    def _target(self, data: Mapping[str, Any]) -> datetime:
        now = self._app.local(self._clock())
        if "minutes" in data:
            return now + timedelta(minutes=min(max(int(data["minutes"]), 0), 60 * 24 * 31))
        hour, minute = map(int, str(data["to"]).split(":"))
        target = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
        return target if target > now else target + timedelta(days=1)

    async def _run_to(self, target: datetime) -> None:
        """Run the clock on, stopping at each moment at which something falls due."""
        ticker = self._app.ticker
        while (moment := await ticker.next_moment()) is not None and moment <= target:
            self._set(moment)
            await ticker.run_due(self._clock)
            self.changed()
        self._set(target)
        ahead = str(self._clock.ahead.total_seconds())
        await self._app.store.transact(lambda s: s.keep_setting(AHEAD, ahead))

    def _set(self, moment: datetime) -> None:
        gap = moment - self._clock()
        if gap > timedelta(0):
            self._clock.ahead += gap

    def _now(self) -> str:
        return self._app.local(self._clock()).isoformat()


def _settled(session: Session, said: list[Said], sent: int) -> int:
    """Return up to where all is sent: rooms are served side by side, so a later message may be
    out before an earlier one. The page drops what it is told twice."""
    newest = max([sent, *(s.place for s in said if s.send)])
    waiting = session.first_waiting()
    return newest if waiting is None else min(newest, waiting - 1)


def _chat_after(session: Session, heard: int, sent: int) -> list[Said]:
    return session.chat_after(heard, sent)


def _room(grid: Grid) -> dict[str, Any]:
    return {
        "id": grid.room, "name": grid.name, "level": grid.level, "grid": grid.code,
        "tier": {"township": "联络群", "village": "骨干群", "branch": "联片群",
                 "microgrid": "联户群"}.get(grid.level, "群"),
    }  # fmt: skip
