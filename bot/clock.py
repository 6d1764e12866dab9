"""Where the time comes from: the machine, or a clock that is set by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Clock = Callable[[], datetime]


def machine() -> datetime:
    """Return the machine's time, aware."""
    return datetime.now(UTC)


class SetClock:
    """A clock that stands still until it is moved; the replay's."""

    def __init__(self, start: datetime) -> None:
        self.now = start

    def __call__(self) -> datetime:
        """Return the time it shows."""
        return self.now


class ShiftedClock:
    """The machine's clock, some time ahead; the simulator's."""

    def __init__(self, ahead: timedelta = timedelta(0)) -> None:
        self.ahead = ahead

    def __call__(self) -> datetime:
        """Return the time it shows."""
        return machine() + self.ahead
