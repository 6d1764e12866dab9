"""What the program writes down for the operator. A log leaves the household group too."""

from __future__ import annotations

import logging

from handlers.masking import mask

_AGAIN = 60.0  # seconds until the same entry is written again
_MOST = 1000  # entries that are remembered


class MaskingFormatter(logging.Formatter):
    """Masks whole entries: a fault's own words, in its traceback, may quote a resident."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the entry without anybody's numbers."""
        return mask(super().format(record))


class Repeats(logging.Filter):
    """Lets the same entry through once a minute: a full disk is the same news each second."""

    def __init__(self) -> None:
        super().__init__()
        self._last: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """See logging.Filter."""
        text = record.getMessage()
        if record.created - self._last.get(text, -_AGAIN) < _AGAIN:
            return False
        if len(self._last) >= _MOST:
            self._last.clear()
        self._last[text] = record.created
        return True


def set_up() -> None:
    """Write warnings and worse to standard error."""
    handler = logging.StreamHandler()
    handler.addFilter(Repeats())
    handler.setFormatter(MaskingFormatter("%(asctime)s %(levelname)s %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    # that a tick is still at work when the next is due is no news; a ticker that stands still is
    # the auditor's
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
