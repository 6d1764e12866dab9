"""What a gateway tells, read into our own words. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from bot.channels.wechaty.wire import Said
from bot.models import BOT_MENTION, Kind, Message

_KINDS = {
    Said.TEXT: Kind.TEXT, Said.IMAGE: Kind.IMAGE, Said.ATTACHMENT: Kind.FILE,
    Said.AUDIO: Kind.VOICE, Said.VIDEO: Kind.VIDEO, Said.LOCATION: Kind.LOCATION,
    Said.RECALLED: Kind.RECALLED,
}  # fmt: skip
_EVERYBODY = frozenset({"announcement@all", "notify@all", "all"})
_CALLED = re.compile(r"@[^@\u2005\n]{1,40}\u2005")
"""How WeChat writes a mention: a name, ended by a narrow space."""


def kind_of(type_: int) -> Kind | None:
    """Return our kind of a message; None for stickers, cards, red envelopes and other things that
    tell of no problem."""
    return _KINDS.get(Said(type_)) if type_ in set(Said) else None


def message_of(payload: Any, name: str, ours: Collection[str], now: datetime) -> Message | None:  # noqa: ANN401
    """Return the message that a gateway's payload holds, or None if it says nothing to us.

    ``ours`` are the ids of our own accounts; ``now`` stands in for a missing time.
    """
    kind = kind_of(payload.type)
    if kind is None:
        return None
    text, quote = payload.text, None
    if kind is Kind.RECALLED:
        text, quote = "", payload.text  # the gateway puts the id of what was taken back there
    elif kind is not Kind.TEXT:
        text = ""
    called = any(person in ours for person in payload.mention_ids)
    mentions = [BOT_MENTION] if called else []
    mentions += [m for m in payload.mention_ids if m not in ours and m not in _EVERYBODY]
    if called and not mentions[1:]:
        text = _CALLED.sub("", text, count=1)
    return Message(
        payload.id, _moment(payload, now), payload.room_id or None, payload.talker_id,
        name, kind, text, tuple(dict.fromkeys(mentions)), quote,
    )  # fmt: skip


def _moment(payload: Any, now: datetime) -> datetime:  # noqa: ANN401
    """Return when a message was said; a time that can't be is taken for now."""
    stamp = payload.receive_time
    if not stamp.seconds:
        return now
    said = datetime.fromtimestamp(stamp.seconds, now.tzinfo) + timedelta(
        microseconds=stamp.nanos // 1000
    )
    return said if abs(now - said) < timedelta(days=30) else now


def place_text(location: Any) -> str:  # noqa: ANN401
    """Return a place sent from the map in words: its name and address."""
    parts = dict.fromkeys(part.strip() for part in (location.address, location.name))
    return " ".join(part for part in parts if part)
