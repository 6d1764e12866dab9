"""What the auditor finds wrong with a ticket, and what it makes of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.models import Deadline, Event, Happened, State, Ticket
from schedules.audit import Fault, examine, silent
from schedules.calendar import Calendar
from schedules.policy import DEFAULTS, Promises
from tests.conftest import moment
from tests.contract.test_store import ticket as made

PROMISES = Promises(DEFAULTS, Calendar())
NOW = moment("10:00")
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


def a_ticket(**changes: object) -> Ticket:
    return replace(made(), deadline=Deadline("claim", NOW + HOUR), **changes)  # type: ignore[arg-type]


def event(kind: Happened, at: datetime) -> Event:
    t = made()
    return Event(t.number, at, kind, t.state, t.level, t.grid, t.category, t.urgency, "system")


def test_nothing_is_wrong_with_what_the_promises_made() -> None:
    for state in State:
        ended = NOW if state.ended else None
        until = NOW + 24 * HOUR if state is State.SUSPENDED else None
        ticket = a_ticket(state=state, ended_at=ended, suspended_until=until)
        ticket = replace(ticket, deadline=PROMISES.first(ticket, NOW))
        assert examine(ticket, [], NOW, PROMISES) is None
        if ticket.deadline and state in {State.OPEN, State.CLAIMED}:
            reviewed = replace(ticket, deadline=PROMISES.review(ticket, NOW))
            assert examine(reviewed, [], NOW, PROMISES) is None


@pytest.mark.parametrize(
    ("state", "kind", "hours"),
    [(State.OPEN, "claim", 2), (State.CLAIMED, "resolve", 72), (State.RESOLVED, "confirm", 24)],
)
def test_a_lost_deadline_comes_back_as_it_was(state: State, kind: str, hours: int) -> None:
    began = moment("09:00")
    history = [
        event(Happened.CREATED, began - 3 * HOUR), event(Happened.CLAIMED, began),
        event(Happened.PROGRESS, began + HOUR / 2),
    ]  # fmt: skip
    ticket = replace(a_ticket(state=state), deadline=None)
    finding = examine(ticket, history, NOW, PROMISES)
    assert finding is not None
    assert finding.repaired is not None
    due = PROMISES.calendar.add(began, timedelta(hours=hours))
    assert (finding.fault, finding.repaired.deadline) == (Fault.MISSING, Deadline(kind, due))


def test_what_was_due_long_ago_is_due_at_once() -> None:
    ticket = replace(a_ticket(), deadline=None)
    finding = examine(ticket, [event(Happened.CREATED, NOW - timedelta(days=9))], NOW, PROMISES)
    assert finding is not None
    assert finding.repaired is not None
    assert finding.repaired.deadline is not None
    assert finding.repaired.deadline.due < NOW


def test_an_ended_ticket_loses_its_deadline() -> None:
    ended = a_ticket(state=State.CLOSED, ended_at=NOW)
    finding = examine(ended, [], NOW, PROMISES)
    assert finding is not None
    assert (finding.fault, finding.repaired) == (Fault.LEFT, replace(ended, deadline=None))


def test_a_suspended_ticket_gets_the_day_on_which_it_resumes() -> None:
    kept = replace(a_ticket(state=State.SUSPENDED), deadline=Deadline("resume", NOW + 5 * HOUR))
    finding = examine(kept, [], NOW, PROMISES)
    assert finding is not None
    assert finding.repaired == replace(kept, suspended_until=NOW + 5 * HOUR)
    bare = replace(kept, deadline=Deadline("claim", NOW))
    finding = examine(bare, [], NOW, PROMISES)
    assert finding is not None
    assert finding.repaired is not None
    assert finding.repaired.deadline is not None
    assert finding.repaired.deadline.kind == "resume"
    assert examine(finding.repaired, [], NOW, PROMISES) is None


@pytest.mark.parametrize(
    ("deadline", "state", "fault"),
    [
        (Deadline("confirm", NOW - HOUR), State.OPEN, Fault.UNFIT),
        (Deadline("", NOW + HOUR), State.CLAIMED, Fault.UNFIT),
        (Deadline("claim", NOW + timedelta(days=3000)), State.OPEN, Fault.FAR),
    ],
)
def test_a_deadline_that_is_none(deadline: Deadline, state: State, fault: Fault) -> None:
    ticket = replace(a_ticket(state=state), deadline=deadline)
    finding = examine(ticket, [event(Happened.CREATED, NOW)], NOW, PROMISES)
    assert finding is not None
    assert finding.fault is fault
    assert finding.repaired is not None
    assert finding.repaired.deadline == PROMISES.first(ticket, NOW)


def test_one_who_was_told_to_wait_for_years_may() -> None:
    until = NOW + timedelta(days=900)
    ticket = a_ticket(state=State.SUSPENDED, suspended_until=until)
    ticket = replace(ticket, deadline=PROMISES.first(ticket, NOW))
    assert examine(ticket, [], NOW, PROMISES) is None


def test_what_can_not_be_repaired_is_reported() -> None:
    late = replace(a_ticket(), deadline=Deadline("claim", NOW - 11 * MINUTE))
    torn = a_ticket(ended_at=NOW)
    unended = replace(a_ticket(state=State.CLOSED), deadline=None)
    found = [examine(t, [], NOW, PROMISES) for t in (late, torn, unended)]
    assert [f and (f.fault, f.mended) for f in found] == [
        (Fault.STUCK, False), (Fault.TORN, False), (Fault.TORN, False),
    ]  # fmt: skip
    just_due = replace(a_ticket(), deadline=Deadline("claim", NOW - 9 * MINUTE))
    assert examine(just_due, [], NOW, PROMISES) is None


@pytest.mark.parametrize(
    ("beat", "since", "is_silent"),
    [
        (NOW, NOW - HOUR, False),
        (NOW - 2 * MINUTE, NOW - HOUR, True),
        (None, NOW - HOUR, True),
        (NOW - 9 * HOUR, NOW, False),  # it has only just started
        (NOW + HOUR, NOW - HOUR, True),  # the machine's clock was set back, and nobody beat since
        (NOW, NOW + HOUR, False),  # set back after the start
    ],
)
def test_a_heart_is_silent(beat: datetime | None, since: datetime, is_silent: bool) -> None:
    assert silent(beat, since, NOW, MINUTE) is is_silent
