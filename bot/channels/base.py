"""What the program asks of a chat network."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from bot.models import Kind, Message, Send

Receive = Callable[[Message], Awaitable[object]]


class SendError(Exception):
    """A message was not delivered; it will be tried again. The text says why."""


class UnsureError(SendError):
    """Nobody knows whether a message was delivered: the answer never came."""


class FetchError(Exception):
    """A picture or file can't be had now; it will be tried again. The text says why."""


class GoneError(FetchError):
    """A picture or file can't be had any more, or is too large; nobody tries again."""


class Hears(StrEnum):
    """What a network lets the bot hear in a group."""

    EVERYTHING = "everything"
    MENTIONS = "mentions"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Abilities:
    """What a channel can do; the program adapts to it."""

    hears: Hears = Hears.EVERYTHING
    pictures: bool = False
    """Takes pictures and files beside the text."""
    mentions: bool = True
    """Writes the @ of those mentioned itself, so that their phones ring."""
    quotes: bool = True
    """Tells by its id which message a reply quotes."""
    recalls: bool = True
    """Tells when somebody takes a message back."""
    first: bool = True
    """May write to a person who never wrote to it."""
    idempotent: bool = False
    """A repeat with the same key arrives once."""
    paced: bool = True
    """The network punishes haste; the rates of the configuration then apply."""


@dataclass(frozen=True, slots=True)
class Line:
    """The account by which a message would leave, and what it can do."""

    account: str
    abilities: Abilities


@dataclass(frozen=True, slots=True)
class File:
    """A picture or file on its way out or in."""

    name: str
    data: bytes
    kind: Kind = Kind.IMAGE


@dataclass(frozen=True, slots=True)
class AccountState:
    """How an account is. ``why`` says in Chinese what is wrong, empty while it works."""

    name: str
    working: bool
    why: str = ""
    rooms: int = 0


class Channel(Protocol):
    """A network with one account or several."""

    async def run(self, receive: Receive) -> None:
        """Serve until cancelled: hand what is heard to ``receive``, in order within a room."""

    def line(self, send: Send) -> Line | None:
        """Return by which account a message would leave; None if none can reach its address now."""

    async def send(self, send: Send, key: str, files: Sequence[File] = ()) -> str:
        """Deliver a message; return the network's id for it, by which it may be quoted.

        ``key`` is the same for each try of one message, for networks that can tell repeats.
        Raises SendError.
        """

    async def fetch(self, message_id: str, room: str | None, largest: int) -> File:
        """Return the picture or file of a message heard; ``largest`` is in bytes.

        Raises FetchError.
        """

    def states(self) -> Sequence[AccountState]:
        """Return how each account is."""
