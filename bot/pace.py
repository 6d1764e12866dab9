"""How fast an account may speak, and what it says in one breath. Pure; time and chance are passed
in."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from bot.models import Reason, Send
from storage.base import Waiting

LONGEST = 1500
"""Characters in one merged message at most; WeChat folds what is much longer."""
_JITTER = 2 / 3  # of the pause, at most: 3 to 5 seconds, as people type


@dataclass(frozen=True, slots=True)
class Rates:
    """What an account, and the bot in a room, may say; 0 is no limit."""

    account_per_minute: int = 0
    room_per_minute: int = 0
    account_per_day: int = 0
    pause: timedelta = timedelta(0)


@dataclass(slots=True)
class _Bucket:
    left: float
    at: datetime


@dataclass(slots=True)
class _Account:
    next_at: datetime | None = None
    day: date | None = None
    said: int = 0


class Pace:
    """Buckets of allowed messages for each account and each room.

    What is urgent keeps the pause between two messages and nothing else: it takes from the
    buckets, but doesn't wait for them.
    """

    def __init__(
        self, rates: Rates, local: Callable[[datetime], datetime], chance: random.Random
    ) -> None:
        """``local`` gives a moment in the city's time zone, where a day begins."""
        self.rates = rates
        self._local = local
        self._chance = chance
        self._buckets: dict[tuple[str, str], _Bucket] = {}
        self._accounts: dict[str, _Account] = {}

    def may(self, account: str, room: str, now: datetime, urgent: bool = False) -> bool:
        """Return whether the account may say something in ``room`` now."""
        known = self._accounts.get(account)
        if known and known.next_at and self._waits(known.next_at, now):
            return False
        return urgent or (
            self._left((account, ""), self.rates.account_per_minute, now) >= 1
            and self._left(("", room), self.rates.room_per_minute, now) >= 1
            and not self.spent(account, now)
        )

    def spent(self, account: str, now: datetime) -> bool:
        """Return whether the account's budget for the day is used up."""
        known = self._accounts.get(account)
        budget = self.rates.account_per_day
        return bool(
            budget and known and known.day == self._local(now).date() and known.said >= budget
        )

    def refund(self, account: str, room: str) -> None:
        """Take back what was counted for a message that surely didn't arrive; the pause stays."""
        for key in ((account, ""), ("", room)):
            if key in self._buckets:
                self._buckets[key].left += 1
        known = self._accounts.get(account)
        if known and known.said:
            known.said -= 1

    def spend(self, account: str, room: str, now: datetime) -> None:
        """Count a message of an account to a room."""
        for key, rate in (
            ((account, ""), self.rates.account_per_minute),
            (("", room), self.rates.room_per_minute),
        ):
            if rate:
                self._buckets[key] = _Bucket(max(self._left(key, rate, now) - 1, -rate), now)
        known = self._accounts.setdefault(account, _Account())
        known.next_at = now + self.rates.pause * (1 + self._chance.random() * _JITTER)
        today = self._local(now).date()
        known.said = known.said + 1 if known.day == today else 1
        known.day = today

    def day_of(self, now: datetime) -> datetime:
        """Return the midnight with which the city's day began."""
        return self._local(now).replace(hour=0, minute=0, second=0, microsecond=0)

    def said(self, today: Mapping[str, int], now: datetime) -> None:
        """Take over what the accounts said today before the program started."""
        for account, count in today.items():
            self._accounts[account] = _Account(day=self._local(now).date(), said=count)

    def _waits(self, until: datetime, now: datetime) -> bool:
        # a clock set back must not silence an account for long
        return now < until <= now + 2 * self.rates.pause

    def _left(self, key: tuple[str, str], rate: int, now: datetime) -> float:
        if not rate:
            return 1.0
        bucket = self._buckets.get(key)
        if bucket is None:
            return float(rate)
        passed = max((now - bucket.at).total_seconds(), 0.0)
        return min(float(rate), bucket.left + passed * rate / 60)


@dataclass(frozen=True, slots=True)
class Breath:
    """What leaves as one message: the rows it is made of, and the message."""

    ids: tuple[int, ...]
    send: Send
    attempts: int = 0
    rows: tuple[Waiting, ...] = field(default=(), repr=False)


def breath(waiting: Sequence[Waiting]) -> Breath:
    """Return what leaves as one message of the rows that wait for one room, oldest first.

    A backlog thus becomes one message a group. A nudge of which a later one says all leaves with
    it, unsaid. What has pictures stays by itself: if a picture fails, the words that arrived must
    not come again in other company.
    """
    stale = _stale(waiting)
    first, *others = [row for row in waiting if row.id not in stale]
    rows, text, send = [first], first.send.text, first.send
    for row in others:
        longer = f"{text}\n\n{row.send.text}"
        if _has_pictures(send) or _has_pictures(row.send) or len(longer) > LONGEST:
            break
        rows.append(row)
        text = longer
        send = _joined(send, row.send)
    rows += [row for row in waiting if row.id in stale]
    rows.sort(key=lambda row: row.id)
    return Breath(
        tuple(row.id for row in rows), replace(send, text=text), rows[0].attempts, tuple(rows)
    )


def _stale(waiting: Sequence[Waiting]) -> set[int]:
    """Return which nudges say no more than a later one."""
    found, later = set(), set[int]()
    for row in reversed(waiting):
        if row.send.reason is Reason.NUDGE and row.send.tickets:
            if later.issuperset(row.send.tickets):
                found.add(row.id)
            later.update(row.send.tickets)
    return found


def _has_pictures(send: Send) -> bool:
    return bool(send.chart or send.files)


def _joined(send: Send, more: Send) -> Send:
    return replace(
        send,
        mentions=tuple(dict.fromkeys((*send.mentions, *more.mentions))),
        tickets=tuple(dict.fromkeys((*send.tickets, *more.tickets))),
        files=tuple(dict.fromkeys((*send.files, *more.files))),
        urgent=send.urgent or more.urgent,
        reason=min(send.reason, more.reason, key=lambda reason: reason.rank),
    )


def single(row: Waiting) -> Breath:
    """Return a row as a message of its own."""
    return Breath((row.id,), row.send, row.attempts, (row,))
