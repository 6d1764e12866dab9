"""How fast an account may speak, and what it says in one breath. Pure; time is passed in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.models import Send
from storage.base import Waiting

LONGEST = 1500
"""Characters in one merged message at most; WeChat folds what is much longer."""


@dataclass(slots=True)
class _Bucket:
    left: float
    at: datetime


class Pace:
    """Buckets of allowed messages for the account and for each room; 0 a minute is no limit."""

    def __init__(self, account_per_minute: int, room_per_minute: int) -> None:
        self._account, self._room = account_per_minute, room_per_minute
        self._buckets: dict[str, _Bucket] = {}

    def open(self, now: datetime) -> bool:
        """Return whether the account may say anything now."""
        return self._left("", self._account, now) >= 1

    def may(self, room: str, now: datetime) -> bool:
        """Return whether a message to ``room`` may go out now."""
        return self.open(now) and self._left(room, self._room, now) >= 1

    def spend(self, room: str, now: datetime) -> None:
        """Count a message to ``room``."""
        for key, rate in (("", self._account), (room, self._room)):
            left = self._left(key, rate, now)
            if rate:
                self._buckets[key] = _Bucket(left - 1, now)

    def _left(self, key: str, rate: int, now: datetime) -> float:
        if not rate:
            return 1.0
        bucket = self._buckets.get(key)
        if bucket is None:
            return float(rate)
        passed = max((now - bucket.at).total_seconds(), 0.0)
        return min(float(rate), bucket.left + passed * rate / 60)


def breath(waiting: Sequence[Waiting]) -> tuple[list[int], Send]:
    """Return what leaves as one message of the rows that wait for one room, oldest first.

    A backlog thus becomes one message a group; a digest stays by itself, for its chart.
    """
    first = waiting[0]
    ids, text, send = [first.id], first.send.text, first.send
    if send.chart:
        return ids, send
    for row in waiting[1:]:
        longer = f"{text}\n\n{row.send.text}"
        if row.send.chart or len(longer) > LONGEST:
            break
        ids.append(row.id)
        text = longer
        send = replace(
            send,
            mentions=tuple(dict.fromkeys((*send.mentions, *row.send.mentions))),
            tickets=tuple(dict.fromkeys((*send.tickets, *row.send.tickets))),
        )
    return ids, replace(send, text=text)
