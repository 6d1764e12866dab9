"""What the program asks of a chat network."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from bot.models import Message, Send

Receive = Callable[[Message], Awaitable[object]]


class SendError(Exception):
    """A message could not be sent now; it will be tried again."""


@dataclass(frozen=True, slots=True)
class Abilities:
    """What a channel can do; the program adapts to it."""

    pictures: bool = False
    paced: bool = True
    """Whether the network punishes haste; the rates of the configuration then apply."""


class Channel(Protocol):
    """One account on a network."""

    abilities: Abilities

    async def send(self, send: Send, key: str, picture: bytes | None = None) -> str:
        """Deliver a message; return the network's id for it, by which it may be quoted.

        ``key`` is the same for each try of one message, for networks that can tell repeats.
        Raises SendError.
        """
