"""Who looks after the scheduler: apart from it, every few minutes, all that it should have seen to.

What is wrong with a ticket is decided in schedules.audit. A repair leaves no line in the ticket's
history, whose kinds are the replay contract's: it is logged and counted.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta

from bot.clock import Clock
from bot.models import Decision
from bot.ticker import HEARTBEAT
from schedules.audit import FAR, KINDS, LATE, SILENT, Fault, Finding, examine, silent
from schedules.policy import Promises
from storage.base import Session, StorageError, Store
from storage.rows import moment, stamp

log = logging.getLogger(__name__)

AUDITED = "audit-heartbeat"
"""The setting that holds when an audit last came to its end."""
FINDINGS = "audit-findings"
"""The setting that holds what it found, as JSON: the fields of Findings."""
MISSED = 3
"""So many intervals without an audit, and monitoring is to know."""
AGAIN = timedelta(hours=12)
"""Between two warnings of the same fault."""
_TOGETHER = 100  # tickets in one transaction, so that messages need not wait behind a flood
_PATIENCE = 30.0  # seconds that a tick in the scheduler's place may take
_NAMED = 5
_TICKER = ("ticker", 0)
_LONG_AGO = timedelta(days=3650)

_WORDS = {
    Fault.STUCK: "{}到了时限却一直没动静，请看日志",
    Fault.TORN: "{}的状态和结束时间对不上，请把数据库留好并报给开发者",
    Fault.UNREADABLE: "{}在数据库里读不出来，请把数据库留好并报给开发者",
}


@dataclass(frozen=True, slots=True)
class Findings:
    """What is kept of the last audit: faults that stay, in words; how many tickets were ever
    repaired, and when the last one was, as a stamp."""

    faults: tuple[str, ...] = ()
    repaired: int = 0
    repaired_at: str = ""


def kept_findings(session: Session) -> Findings:
    """Return what the last audit found."""
    kept = session.setting(FINDINGS)
    if not kept:
        return Findings()
    try:
        values = json.loads(kept)
        return Findings(tuple(values["faults"]), values["repaired"], values["repaired_at"])
    except (ValueError, LookupError, TypeError):
        return Findings()  # the next audit writes it anew


@dataclass(frozen=True, slots=True)
class _Look:
    """One look at everything: how many tickets it repaired, whether the ticker is silent."""

    repaired: int
    left: Sequence[Finding]
    silent: bool

    @property
    def doubtful(self) -> bool:
        """Whether a moment might heal it: the ticker may just have been about to come."""
        return self.silent or any(f.fault is Fault.STUCK for f in self.left)


class Auditor:
    """Audits until cancelled. ``every`` is the time between two audits, ``patience`` the seconds
    before a second look at what a moment might heal."""

    def __init__(
        self,
        store: Store,
        promises: Promises,
        every: timedelta,
        clock: Clock,
        patience: float = 5.0,
    ) -> None:
        self._store, self._promises, self._clock = store, promises, clock
        self.every, self.patience = every, patience
        self.since = clock()
        """From when on the ticker is expected to beat."""
        self.run_due: Callable[[], Awaitable[None]] = _nothing
        """Does what the ticker should have done."""
        self.tell: Callable[[list[str], datetime], Awaitable[None]] = _tell_nobody
        """Warns the administrators."""
        self._told: dict[tuple[str, int], datetime] = {}

    async def run(self) -> None:
        """Audit at once and then every so often, until cancelled."""
        self.since = self._clock()
        while True:
            try:
                await self.audit()
            except StorageError as error:
                log.error("%s", error)
            except Exception:
                log.exception("an audit met a fault; the next one comes")
            await asyncio.sleep(self.every.total_seconds())

    async def audit(self) -> None:
        """Look at everything, repair, stand in for a silent ticker, tell, and beat the heart.
        Raises StorageError."""
        look = await self._look()
        if look.doubtful:
            await asyncio.sleep(self.patience)
            first, look = look, await self._look()
            look = replace(look, repaired=look.repaired + first.repaired)
        lines = [await self._stand_in()] if look.silent else []
        now = self._clock()
        faults = (*lines, *_in_words(look.left))
        await self._store.transact(lambda s: _keep(s, faults, look.repaired, now))
        await self._warn(look.left, lines, now)

    async def _look(self) -> _Look:
        now = self._clock()
        beat = await self._store.read(lambda s: s.setting(HEARTBEAT))
        quiet = silent(moment(beat), self.since, now, SILENT)
        late = now - (_LONG_AGO if quiet else LATE)  # while nobody looks, nothing is to blame
        numbers = await self._store.read(lambda s: s.suspects(late, now + FAR, KINDS))
        found: list[Finding] = []
        for start in range(0, len(numbers), _TOGETHER):
            found += await self._mend(numbers[start : start + _TOGETHER], now)
        mended = [f for f in found if f.mended]
        for finding in mended:
            log.error("ticket %s: %s, repaired", finding.number, finding.fault)
        return _Look(len(mended), [f for f in found if not f.mended], quiet)

    async def _mend(self, numbers: list[int], now: datetime) -> list[Finding]:
        """Examine and repair some tickets; if that meets a fault, each alone, so that one stops no
        other."""
        try:
            return await self._store.transact(
                lambda s: [f for n in numbers if (f := self._mended(s, n, now))]
            )
        except StorageError:
            raise
        except Exception:
            if len(numbers) == 1:
                if (Fault.UNREADABLE, numbers[0]) not in self._told:
                    log.exception("ticket %s could not be audited", numbers[0])
                return [Finding(numbers[0], Fault.UNREADABLE)]
            return [f for number in numbers for f in await self._mend([number], now)]

    def _mended(self, session: Session, number: int, now: datetime) -> Finding | None:
        try:
            return self._examined(session, number, now)
        except (ValueError, TypeError):  # its deadline may be all that can't be read
            session.drop_deadline(number)
            return self._examined(session, number, now)

    def _examined(self, session: Session, number: int, now: datetime) -> Finding | None:
        ticket = session.ticket(number)
        if ticket is None:
            session.drop_deadline(number)
            return Finding(number, Fault.ORPHAN)
        finding = examine(ticket, session.history(number), now, self._promises)
        if finding and finding.repaired:
            session.apply(Decision(tickets=(finding.repaired,)), now)
        return finding

    async def _stand_in(self) -> str:
        """Do once what the ticker should have done; say how that went."""
        try:
            async with asyncio.timeout(_PATIENCE):
                await self.run_due()
        except Exception:
            log.exception("the ticker is silent, and nobody could stand in for it")
            return "催办和日报停了，巡检代办也没成，请看日志，重启程序"
        log.error("the ticker is silent; the auditor stood in for it")
        return "催办和日报停了，巡检先代办着，请看日志，重启程序"

    async def _warn(self, left: Sequence[Finding], lines: list[str], now: datetime) -> None:
        """Tell of each fault once."""
        self._told = {what: at for what, at in self._told.items() if now - at < AGAIN}
        new = [f for f in left if (f.fault, f.number) not in self._told]
        texts = [*(() if _TICKER in self._told else lines), *_in_words(new)]
        for text in texts:
            log.error("%s", text)
        await self.tell(texts, now)
        self._told |= {(f.fault, f.number): now for f in new} | ({_TICKER: now} if lines else {})


def _in_words(findings: Iterable[Finding]) -> list[str]:
    by_fault: dict[Fault, list[str]] = {}
    for finding in findings:
        by_fault.setdefault(finding.fault, []).append(f"{finding.number}号")
    return [_WORDS[fault].format(_some(names)) for fault, names in by_fault.items()]


def _some(names: list[str]) -> str:
    more = f"等{len(names)}单" if len(names) > _NAMED else ""
    return "、".join(names[:_NAMED]) + more


def _keep(session: Session, faults: tuple[str, ...], repaired: int, now: datetime) -> None:
    before = kept_findings(session)
    at = stamp(now) or ""
    findings = Findings(faults, before.repaired + repaired, at if repaired else before.repaired_at)
    session.keep_setting(FINDINGS, json.dumps(asdict(findings), ensure_ascii=False))
    session.keep_setting(AUDITED, at)


async def _nothing() -> None:
    """Stand in for nobody."""


async def _tell_nobody(texts: list[str], now: datetime) -> None:
    del texts, now
