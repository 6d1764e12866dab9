"""The channel over all accounts: who speaks where, what is heard twice, whom we let in."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, replace
from typing import Any

import aiohttp
import grpc.aio

from bot.channels.base import (
    Abilities,
    AccountState,
    FetchError,
    File,
    GoneError,
    Line,
    Receive,
    SendError,
)
from bot.channels.wechaty.account import Account
from bot.channels.wechaty.reading import message_of, place_text
from bot.channels.wechaty.troubles import short
from bot.channels.wechaty.wire import FRIEND_REQUEST, Endpoint, Happening, words
from bot.clock import Clock
from bot.models import Kind, Message, Send
from storage.base import StorageError

log = logging.getLogger(__name__)

ABILITIES = Abilities(
    pictures=True, quotes=False, first=True, idempotent=False, paced=True
)  # quotes come as 「…」 in the text, without an id
_REST = 600.0
"""Seconds for which an account that was refused in a room leaves it to another one there."""
_TWINS = 2.0
"""Seconds apart at most that two accounts' copies of one message may be dated."""
_TRIES = 3  # of a picture whose words have arrived
_HALVES = 1000  # messages half delivered whose progress is remembered
_RECENT = 5000  # messages remembered for their twins
_AT_ONCE = 1000  # messages on their way to the disk
_PARTING = 5.0  # seconds that what was heard gets to be stored when the program stops


OnDuty = Callable[[str, Callable[[], Awaitable[None]]], Coroutine[Any, Any, None]]


async def _always(account: str, work: Callable[[], Awaitable[None]]) -> None:
    del account
    await work()


@dataclass(frozen=True, slots=True)
class Doors:
    """Who is let in, and what is kept of our own accounts.

    ``known`` tells of a person's id whether it is on the roster; ``code`` of a friend request's
    words which one-time code they hold (empty: none that is good); ``ours`` are ids that our
    accounts had before; ``logged_in`` hears each account's own id; ``removed`` of a group that an
    account was put out of.
    """

    known: Callable[[str], bool]
    code: Callable[[str], Awaitable[str]]
    ours: frozenset[str] = frozenset()
    logged_in: Callable[[str], Awaitable[None]] | None = None
    removed: Callable[[str, str], Awaitable[None]] | None = None


class Wechaty:
    """WeChat, by any number of accounts, each on its gateway."""

    def __init__(
        self, endpoints: Sequence[tuple[str, Endpoint]], doors: Doors, clock: Clock
    ) -> None:
        self._clock, self._doors = clock, doors
        self._accounts = [Account(name, at, self._heard, self._happened) for name, at in endpoints]
        self._ours = set(doors.ours)
        self._receive: Receive | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._places = asyncio.Semaphore(_AT_ONCE)
        self._recent: OrderedDict[tuple[str, ...], tuple[str, str, float]] = OrderedDict()
        self._halves: OrderedDict[str, list[str]] = OrderedDict()
        self._missed: dict[str, int] = {}
        self._resting: dict[tuple[str, str], float] = {}
        self._heard_by: OrderedDict[str, str] = OrderedDict()
        self._twins: OrderedDict[str, str] = OrderedDict()
        self._trouble = asyncio.Lock()
        self.on_duty: OnDuty = _always
        """Serves an account, of a name, while it is this worker's."""

    async def run(self, receive: Receive) -> None:
        """See bot.channels.base."""
        self._receive = receive
        try:
            async with asyncio.TaskGroup() as accounts:
                for account in self._accounts:
                    accounts.create_task(self.on_duty(account.name, account.run))
        except asyncio.CancelledError:
            if self._tasks:  # what was heard is still stored
                _, late = await asyncio.wait(self._tasks, timeout=_PARTING)
                for task in late:
                    task.cancel()
            raise

    def states(self) -> Sequence[AccountState]:
        """See bot.channels.base."""
        return tuple(account.state() for account in self._accounts)

    # what is heard

    async def _heard(self, account: Account, payload: Any, name: str) -> None:  # noqa: ANN401
        """Hand a message on, unless it is our own or another account's copy of one."""
        ours = self._ours.union(a.me for a in self._accounts if a.me)
        if payload.talker_id in ours:
            return
        message = message_of(payload, name, ours, self._clock())
        if message is None or self._is_twin(account, message):
            return
        if message.quote and message.quote in self._twins:  # taken back: the copy that we know
            message = replace(message, quote=self._twins[message.quote])
        self._heard_by[message.id] = account.name
        if len(self._heard_by) > _RECENT:
            self._heard_by.popitem(last=False)
        if message.kind is Kind.LOCATION:
            message = replace(message, text=await self._place(account, message.id))
        # started in order, so stored in order; not awaited, so that many share a commit
        await self._places.acquire()
        task = asyncio.create_task(self._hand_over(message))
        self._tasks.add(task)
        task.add_done_callback(self._handed_over)

    def _handed_over(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._places.release()

    async def _hand_over(self, message: Message) -> None:
        """Give a message to the program until it is on disk; while that is in trouble, one after
        the other, so that a recall doesn't overtake what it recalls."""
        if self._receive is None:
            return
        if not self._trouble.locked():
            try:
                await self._receive(message)
            except StorageError as error:
                log.error("%s", error)
            else:
                return
        async with self._trouble:
            wait = 0.2
            while True:
                try:
                    await self._receive(message)
                except StorageError:
                    await asyncio.sleep(wait)
                    wait = min(wait * 2, 5.0)
                else:
                    return

    def _is_twin(self, account: Account, message: Message) -> bool:
        """Return whether another account has heard the same: puppets may number a message for each
        account by itself, and then the id doesn't tell."""
        if not message.text:
            return False  # two pictures in a second look the same from here
        key = (message.room or account.me, message.sender, message.kind, message.text)
        said = message.at.timestamp()
        known = self._recent.get(key)
        if known and known[0] != account.name and abs(known[2] - said) <= _TWINS:
            self._twins[message.id] = known[1]
            if len(self._twins) > _RECENT:
                self._twins.popitem(last=False)
            return known[1] != message.id  # with one id for all, the inbox knows it
        self._recent[key] = (account.name, message.id, said)
        self._recent.move_to_end(key)
        if len(self._recent) > _RECENT:
            self._recent.popitem(last=False)
        return False

    async def _place(self, account: Account, message_id: str) -> str:
        try:
            answer = await account.ask("MessageLocation", id=message_id)
        except (grpc.aio.AioRpcError, SendError):
            return ""
        return place_text(answer.location)

    # who comes and goes

    async def _happened(self, account: Account, kind: int, payload: dict[str, Any]) -> None:
        if kind == Happening.LOGIN and account.me:
            self._ours.add(account.me)
            if self._doors.logged_in:
                await self._doors.logged_in(account.me)
        elif kind == Happening.FRIENDSHIP:
            await self._asked(self._befriend, account, str(payload.get("friendshipId", "")))
        elif kind == Happening.ROOM_INVITE:
            await self._asked(self._enter, account, str(payload.get("roomInvitationId", "")))
        elif kind == Happening.ROOM_LEAVE and account.me in (payload.get("removeeIdList") or ()):
            log.warning("account %s was put out of a group", account.name)
            if self._doors.removed:
                await self._doors.removed(account.name, str(payload.get("roomId", "")))

    async def _asked(
        self, answer: Callable[[Account, str], Awaitable[None]], account: Account, request: str
    ) -> None:
        try:
            await answer(account, request)
        except (grpc.aio.AioRpcError, SendError, StorageError):
            log.warning("account %s: a request to join could not be answered", account.name)

    async def _befriend(self, account: Account, request: str) -> None:
        """Accept a friend from the roster or with a code, and hear the code as if it were said."""
        asked = await account.ask("FriendshipPayload", id=request)
        if asked.type != FRIEND_REQUEST:
            return
        code = await self._doors.code(words(asked.hello))
        if not code and not self._doors.known(asked.contact_id):
            return
        await account.ask("FriendshipAccept", id=request)
        account.contacts.add(asked.contact_id)
        if code:
            await self._hand_over(Message(
                f"friend-{request}", self._clock(), None, asked.contact_id, text=f"认证 {code}",
            ))  # fmt: skip

    async def _enter(self, account: Account, request: str) -> None:
        """Accept an invitation to a group from somebody on the roster."""
        asked = await account.ask("RoomInvitationPayload", id=request)
        if self._doors.known(asked.inviter_id):
            await account.ask("RoomInvitationAccept", id=request)

    # what is said

    def line(self, send: Send) -> Line | None:
        """See bot.channels.base; of several accounts in a group the first that works."""
        account = self._speaker(send)
        return Line(account.name, ABILITIES) if account else None

    def _speaker(self, send: Send) -> Account | None:
        address = send.room if send.room is not None else send.to or ""
        there = [
            account for account in self._accounts
            if account.working
            and address in (account.rooms if send.room is not None else account.contacts)
        ]  # fmt: skip
        now = self._clock().timestamp()
        fresh = [a for a in there if self._resting.get((a.name, address), 0) < now]
        return next(iter(fresh or there), None)

    async def send(self, send: Send, key: str, files: Sequence[File] = ()) -> str:
        """See bot.channels.base. A try that follows a half delivered one goes on where it broke."""
        address = send.room if send.room is not None else send.to or ""
        account = self._speaker(send)
        if account is None:
            raise SendError("没有在线的账号在这个群里" if send.room else "没有在线的账号认得这个人")
        sent = self._halves.setdefault(key, [])
        while len(self._halves) > _HALVES:
            self._halves.popitem(last=False)
        try:
            if not sent:
                sent.append(await account.say(address, send.text, send.mentions))
            for file in files[len(sent) - 1 :]:
                sent.append(await self._shown(account, address, file, key))
        except SendError:
            self._resting[account.name, address] = self._clock().timestamp() + _REST
            raise
        del self._halves[key]
        return sent[0] or f"unnumbered-{key}"  # some puppets give no id of what they sent

    async def _shown(self, account: Account, address: str, file: File, key: str) -> str:
        """Send a picture that follows its words; after some tries a word stands for it, lest the
        group wait for a picture that can't be sent."""
        try:
            return await account.show(address, file)
        except SendError:
            missed = self._missed[key] = self._missed.get(key, 0) + 1
            if missed < _TRIES:
                raise
            del self._missed[key]
            return await account.say(address, "（有一张图片没能发出来，在办页面上看得到）", ())

    # pictures and files

    async def fetch(self, message_id: str, room: str | None, largest: int) -> File:
        """See bot.channels.base."""
        account = self._hearer(message_id, room)
        if account is None:
            raise FetchError("没有在线的账号在这个群里")
        try:
            box = json.loads(words((await account.ask("MessageFile", id=message_id)).file_box))
            data = await self._content(account, box, largest)
        except SendError as error:
            raise FetchError(str(error)) from error
        except grpc.aio.AioRpcError as error:
            raise FetchError(short(error)) from error
        except (ValueError, TypeError, KeyError) as error:
            raise GoneError("网关给的文件读不懂") from error
        if data is None or len(data) > largest:
            raise GoneError(f"超过{largest >> 20}MB，没有保存")
        name = str(box.get("name") or message_id)
        return File(name.encode("utf-8", "replace").decode(), data)  # half an emoji is no name

    def _hearer(self, message_id: str, room: str | None) -> Account | None:
        working = [account for account in self._accounts if account.working]
        name = self._heard_by.get(message_id)
        heard = [account for account in working if account.name == name]
        there = [account for account in working if room is None or room in account.rooms]
        return next(iter(heard or there), None)

    async def _content(self, account: Account, box: dict[str, Any], largest: int) -> bytes | None:
        if "base64" in box:
            return base64.b64decode(box["base64"])
        if "url" in box:
            return await _downloaded(str(box["url"]), largest)
        return await account.download(str(box["uuid"]), largest)


async def _downloaded(url: str, largest: int) -> bytes | None:
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60)) as session,
            session.get(url) as response,
        ):
            response.raise_for_status()
            data = await response.content.read(largest + 1)
            while len(data) <= largest and (more := await response.content.read(1 << 20)):
                data += more
    except (aiohttp.ClientError, TimeoutError) as error:
        raise FetchError("文件下载不下来") from error
    return data if len(data) <= largest else None
