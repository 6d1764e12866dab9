"""What the program writes down for the operator. A log leaves the household group too."""

from __future__ import annotations

import logging

from handlers.masking import mask


class MaskingFormatter(logging.Formatter):
    """Masks whole entries: a fault's own words, in its traceback, may quote a resident."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the entry without anybody's numbers."""
        return mask(super().format(record))


def set_up() -> None:
    """Write warnings and worse to standard error."""
    handler = logging.StreamHandler()
    handler.setFormatter(MaskingFormatter("%(asctime)s %(levelname)s %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
