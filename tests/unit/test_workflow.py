"""The table of states and moves, happy and unhappy."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.models import Happened, Level, Place, State, Ticket, Urgency
from handlers.workflow import MOVES, allowed, move

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)


def ticket(state: State = State.OPEN) -> Ticket:
    return Ticket(
        1001, state, Level.MICROGRID, "M1", "M1", "R-1", "lighting", "service", "", Urgency.NORMAL,
        "micro", "灯坏了", Place(), "路灯", "r1", "老张", NOW, NOW, NOW, "C/T/V/B/M1/",
    )  # fmt: skip


@pytest.mark.parametrize("what", list(MOVES))
@pytest.mark.parametrize("state", list(State))
def test_each_move_from_each_state(what: Happened, state: State) -> None:
    before = replace(ticket(), state=state)
    sources, target = MOVES[what]
    if state not in sources:
        assert not allowed(before, what)
        with pytest.raises(ValueError, match=str(what)):
            move(before, what, NOW)
        return
    after, event = move(before, what, NOW, actor="u", text="为什么")
    assert after.state is (target or state)
    assert (after.ended_at is not None) == after.state.ended
    assert (event.ticket, event.kind, event.state) == (1001, what, after.state)


def test_every_event_of_the_contract_but_created_has_its_move() -> None:
    assert set(MOVES) == set(Happened) - {Happened.CREATED}


def test_no_ended_state_is_left_but_by_the_resident() -> None:
    ways_out = {w for w, (sources, _) in MOVES.items() if any(s.ended for s in sources)}
    assert ways_out == {Happened.REOPENED}
