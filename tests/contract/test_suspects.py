"""Which tickets a store calls suspect, on each engine."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.app import open_store
from bot.models import Deadline, Decision, State
from tests.contract.test_store import HOUR, NOW, ticket
from tests.postgres import fresh_database


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
async def test_suspects_are_those_with_something_wrong(tmp_path: Path, engine: str) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'x.db'}" if engine == "sqlite" else fresh_database())
    ended: dict[str, object] = {"state": State.CLOSED, "ended_at": NOW}
    suspended: dict[str, object] = {
        "state": State.SUSPENDED,
        "deadline": Deadline("resume", NOW + HOUR),
    }
    fine = [
        ticket(), ticket(1002, **ended, deadline=None),
        ticket(1003, **suspended, suspended_until=NOW + HOUR),
    ]  # fmt: skip
    wrong = [
        ticket(1011, deadline=None), ticket(1012, **ended), ticket(1013, **suspended),
        ticket(1014, deadline=Deadline("claim", NOW - 2 * HOUR)),
        ticket(1015, deadline=Deadline("claim", NOW + 200 * HOUR)),
        ticket(1016, deadline=Deadline("confirm", NOW + HOUR)),
        ticket(1017, ended_at=NOW, deadline=None),
        ticket(1018, state=State.CLOSED, deadline=None),
    ]  # fmt: skip
    kinds = {State.OPEN: ("claim", "review"), State.SUSPENDED: ("resume",)}
    await store.transact(lambda s: s.apply(Decision((*fine, *wrong)), NOW))
    await store.transact(
        lambda s: s._run("insert into deadlines values (7, 'claim', '2026', 0, '', null)")  # type: ignore[attr-defined]
    )
    found = await store.read(lambda s: s.suspects(NOW - HOUR, NOW + 100 * HOUR, kinds))
    assert found == [7, *range(1011, 1019)]
    await store.transact(lambda s: s.drop_deadline(7))
    await store.transact(lambda s: s.drop_deadline(1001))
    found = await store.read(lambda s: s.suspects(NOW - HOUR, NOW + 100 * HOUR, kinds))
    assert found == [1001, *range(1011, 1019)]
    await store.close()
