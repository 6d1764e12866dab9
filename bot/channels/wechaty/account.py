"""One account on a gateway: its connection, what it hears, what it says."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import logging
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NoReturn

import grpc
import grpc.aio

from bot.channels.base import AccountState, File, SendError, UnsureError
from bot.channels.wechaty.troubles import lost_link, never_left, short, trouble
from bot.channels.wechaty.wire import Endpoint, Gateway, Happening, words

log = logging.getLogger(__name__)

QUIET = 15.0
"""Seconds without an event after which the gateway is asked whether it lives: one that is frozen
keeps its connection, and gRPC's own keepalive doesn't notice."""
FIRST_WAIT, LONGEST_WAIT = 0.1, 0.5
"""Seconds between tries to connect. A try costs one packet; WeChat keeps nothing for whoever is
away, so each second counts."""
SLOW_WAIT = 15.0  # seconds, where trying sooner can't help: a wrong token, a place taken
_SOON, _PATIENT = 5.0, 30.0  # seconds for a question, and for what goes out to WeChat
_OVERDUE = 20.0  # seconds after which a message that wasn't given is asked for again
_AT_ONCE = 64  # messages whose words are being fetched
_SMALL = 20 << 10  # bytes; files above go by Upload
_BASE64, _UUID = 1, 7  # kinds of file boxes (`FileBoxType` of npm's file-box)


_AWAY = "正在连接"

Words = asyncio.Queue[asyncio.Task[tuple[Any, str] | None]]


class _LostError(Exception):
    """The connection is gone; the text says why."""


@dataclass
class Account:
    """A WeChat account served by a gateway. ``heard`` gets each payload with the speaker's name,
    in order; ``happened`` each other event with its payload."""

    name: str
    endpoint: Endpoint
    heard: Callable[[Account, Any, str], Awaitable[None]]
    happened: Callable[[Account, int, dict[str, Any]], Awaitable[None]]
    me: str = ""
    """The account's own id; empty until it has logged in."""
    rooms: set[str] = field(default_factory=set)
    contacts: set[str] = field(default_factory=set)
    lost: int = 0
    """Messages that the gateway told of and then couldn't give."""
    _why: str = _AWAY
    _gateway: Gateway | None = None
    _last: float = 0.0
    _names: dict[tuple[str, str], str] = field(default_factory=dict)
    _pending: dict[str, float] = field(default_factory=dict)
    """Messages told of and not handed over yet, in order, with when they were asked for; asked
    for again after a break, and after a while."""
    _looked: float = 0.0

    @property
    def working(self) -> bool:
        """Return whether the account is connected and logged in."""
        return bool(self._gateway and self.me and not self._why)

    def state(self) -> AccountState:
        """Return how the account is."""
        return AccountState(self.name, self.working, self._why, len(self.rooms))

    # the connection

    async def run(self) -> None:
        """Stay connected until cancelled."""
        wait = FIRST_WAIT
        while True:
            gateway = Gateway(self.endpoint)
            try:
                await self._serve(gateway)
            except* (grpc.aio.AioRpcError, _LostError) as group:
                found = trouble(_first(group), self.endpoint)
                self._trouble(found.text)
                slow = found.slow
            finally:
                self._gateway, self._why = None, self._why or _AWAY
                await gateway.close()
            connected = asyncio.get_running_loop().time() - self._last < QUIET
            wait = FIRST_WAIT if connected and not slow else wait
            self._last = 0.0
            await asyncio.sleep(SLOW_WAIT if slow else wait)
            wait = min(wait * 2, LONGEST_WAIT)

    def _trouble(self, why: str) -> None:
        if why != self._why:
            log.warning("account %s: %s", self.name, why)
        self._why = why

    async def _serve(self, gateway: Gateway) -> None:
        await gateway.call("Version", _SOON)
        await gateway.call("Start", _PATIENT)  # never Stop: it would end the WeChat session
        queue: Words = asyncio.Queue(_AT_ONCE)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._listen(gateway, queue, tasks))
            tasks.create_task(self._hand_over(queue))
            tasks.create_task(self._probe(gateway, queue, tasks))

    async def _listen(
        self,
        gateway: Gateway,
        queue: Words,
        tasks: asyncio.TaskGroup,
    ) -> None:
        async for kind, payload in gateway.events():
            self._last = asyncio.get_running_loop().time()
            if self._gateway is None:
                self._connected(gateway)
                for message_id in list(self._pending):
                    await self._ask(gateway, message_id, queue, tasks)
            if kind == Happening.MESSAGE:
                message_id = str(_read(payload).get("messageId", ""))
                await self._ask(gateway, message_id, queue, tasks)
            elif kind != Happening.HEARTBEAT:
                tasks.create_task(self._event(gateway, kind, _read(payload)))
        raise _LostError("网关断开了")

    def _connected(self, gateway: Gateway) -> None:
        """The stream's first event, a heartbeat, says that the stream is ours."""
        self._gateway = gateway
        self._why = "网关连上了，账号还没登录微信"  # a login is told of at once, if there is one

    async def _ask(
        self, gateway: Gateway, message_id: str, queue: Words, tasks: asyncio.TaskGroup
    ) -> None:
        self._pending[message_id] = asyncio.get_running_loop().time()
        await queue.put(tasks.create_task(self._words(gateway, message_id)))

    async def _probe(self, gateway: Gateway, queue: Words, tasks: asyncio.TaskGroup) -> None:
        loop = asyncio.get_running_loop()
        since = loop.time()
        while True:
            await asyncio.sleep(QUIET / 10)
            if loop.time() - max(self._last, since) > QUIET:
                await gateway.call("Version", _SOON)
                since = loop.time()
                if self._gateway is None:  # some gateways don't greet whoever connects
                    self._connected(gateway)
            for message_id, asked in list(self._pending.items()):
                if loop.time() - asked > _OVERDUE:
                    await self._ask(gateway, message_id, queue, tasks)
            if self.me and not self.rooms and loop.time() - self._looked > QUIET:
                await self._look_around(gateway)

    # what is heard

    async def _words(self, gateway: Gateway, message_id: str) -> tuple[Any, str] | None:
        """Return a message's payload and its speaker's name; None if it can't be had now."""
        try:
            payload = await gateway.call("MessagePayload", _SOON, id=message_id)
            return payload, await self._name(gateway, payload.room_id, payload.talker_id)
        except grpc.aio.AioRpcError as error:
            if not lost_link(error):  # else it stays pending, and is asked for again
                self._pending.pop(message_id, None)
                self.lost += 1
                log.error("account %s: message %s can't be read: %s",
                          self.name, message_id, short(error))  # fmt: skip
            return None

    async def _name(self, gateway: Gateway, room: str, person: str) -> str:
        known = self._names.get((room, person))
        if known is not None:
            return known
        try:
            if room:
                member = await gateway.call("RoomMemberPayload", _SOON, id=room, member_id=person)
                name = words(member.room_alias or member.name)
            else:
                name = words((await gateway.call("ContactPayload", _SOON, id=person)).name)
        except grpc.aio.AioRpcError:
            return ""  # the words matter more than the name
        self._names[room, person] = name
        return name

    async def _hand_over(self, queue: Words) -> None:
        while True:
            found = await (await queue.get())
            if found is None:
                continue
            payload, name = found
            if payload.room_id:
                self.rooms.add(payload.room_id)
            else:
                self.contacts.add(payload.talker_id)
            try:
                await self.heard(self, payload, name)
            except Exception:  # of one message: the next must still be heard
                self.lost += 1
                log.exception("account %s: message %s met a fault", self.name, payload.id)
            self._pending.pop(payload.id, None)

    async def _event(self, gateway: Gateway, kind: int, payload: dict[str, Any]) -> None:
        try:
            await self._take_in(gateway, kind, payload)
            await self.happened(self, kind, payload)
        except grpc.aio.AioRpcError:
            raise  # the connection is gone
        except Exception:  # of one event: the account goes on
            log.exception("account %s: an event of kind %s met a fault", self.name, kind)

    async def _take_in(self, gateway: Gateway, kind: int, payload: dict[str, Any]) -> None:
        if kind == Happening.LOGIN:
            self.me = me = str(payload.get("contactId") or "")
            await self._look_around(gateway)
            if self.me == me:
                self._why = ""
        elif kind == Happening.READY and self.me:
            await self._look_around(gateway)
        elif kind == Happening.LOGOUT:
            self._trouble("账号从微信退出了，请在网关上重新扫码")
            self.me = ""
        elif kind == Happening.SCAN:
            self._trouble("账号等着扫码登录，请到网关上扫一下")
        elif kind in {Happening.DIRTY, Happening.ROOM_TOPIC}:
            self._forget(str(payload.get("payloadId") or payload.get("roomId") or ""))
        elif kind in {Happening.ROOM_JOIN, Happening.ROOM_LEAVE}:
            self._moved(kind, payload)

    async def _look_around(self, gateway: Gateway) -> None:
        """Learn which groups and people the account has; what it hears adds to them."""
        self._looked = asyncio.get_running_loop().time()
        try:
            self.rooms |= set((await gateway.call("RoomList", _PATIENT)).ids)
            self.contacts |= set((await gateway.call("ContactList", _PATIENT)).ids)
        except grpc.aio.AioRpcError as error:
            if lost_link(error) and error.code() is not grpc.StatusCode.DEADLINE_EXCEEDED:
                raise
            log.warning("account %s: the list of groups can't be had: %s", self.name, short(error))

    def _forget(self, changed: str) -> None:
        """Drop names that may have changed; an id of a room's member holds both."""
        self._names = {
            (room, person): name for (room, person), name in self._names.items()
            if not (person in changed or (room and room in changed))
        }  # fmt: skip

    def _moved(self, kind: int, payload: dict[str, Any]) -> None:
        room = str(payload.get("roomId", ""))
        self._forget(room)
        if self.me in (payload.get("inviteeIdList") or ()) and kind == Happening.ROOM_JOIN:
            self.rooms.add(room)
        if self.me in (payload.get("removeeIdList") or ()) and kind == Happening.ROOM_LEAVE:
            self.rooms.discard(room)

    # what is asked and said

    async def ask(self, name: str, **fields: object) -> Any:  # noqa: ANN401
        """Make a call on the connection there is. Raises SendError or grpc.aio.AioRpcError."""
        with _unbroken():
            return await self._connection().call(name, _PATIENT, **fields)

    def _connection(self) -> Gateway:
        if self._gateway is None or self._why:
            raise SendError(self._why or "网关没连上")
        return self._gateway

    async def say(self, conversation: str, text: str, mentions: tuple[str, ...]) -> str:
        """Say something in a group or to a person; return the message's id."""
        gateway = self._connection()
        try:
            with _unbroken():
                answer = await gateway.call(
                    "MessageSendText", _PATIENT, conversation_id=conversation, text=text,
                    mentional_ids=mentions,
                )  # fmt: skip
        except grpc.aio.AioRpcError as error:
            _not_sent(error)
        return str(answer.id)

    async def show(self, conversation: str, file: File) -> str:
        """Send a picture or file; return the message's id."""
        gateway = self._connection()
        try:
            box: dict[str, object] = {"name": file.name, "type": _BASE64}
            if len(file.data) > _SMALL:
                with _unbroken():
                    box |= {"type": _UUID, "uuid": await gateway.upload(file.data, _PATIENT)}
            else:
                box["base64"] = base64.b64encode(file.data).decode()
        except grpc.aio.AioRpcError as error:
            raise SendError(short(error)) from error  # the file alone left, and nobody saw it
        try:
            with _unbroken():
                answer = await gateway.call(
                    "MessageSendFile", _PATIENT, conversation_id=conversation,
                    file_box=json.dumps(box),
                )  # fmt: skip
        except grpc.aio.AioRpcError as error:
            _not_sent(error)
        return str(answer.id)

    async def download(self, file_id: str, largest: int) -> bytes | None:
        """Return a file of the gateway's; None if it is too large."""
        with _unbroken():
            return await self._connection().download(file_id, largest, _PATIENT)


@contextlib.contextmanager
def _unbroken() -> Iterator[None]:
    """Turn the cancellation of a call, whose connection was closed, into an error: only who was
    cancelled himself may end by it."""
    try:
        yield
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task and task.cancelling():
            raise
        raise UnsureError("和网关的连接断了") from None


def _not_sent(error: grpc.aio.AioRpcError) -> NoReturn:
    """Raise what a failed call means for the message: not sent, or nobody knows."""
    if lost_link(error) and not never_left(error):
        raise UnsureError(short(error)) from error
    raise SendError(short(error)) from error


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _read(payload: str) -> dict[str, Any]:
    with contextlib.suppress(ValueError):
        data = json.loads(payload)
        if isinstance(data, dict):
            return data
    return {}
