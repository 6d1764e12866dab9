"""What triage left to a person: each leader's list of the day, one direct message. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from bot.models import Command, Decision, Doubt, Question, Reason, Send
from handlers import people, replies
from handlers.roster import Roster

LISTED = 9
"""Words in one list at most; those that sounded most like a problem."""
DOUBTS = "doubts"
"""Stands where a question has its room: what 立单 1 picks from, kept until the next list."""


def doubt_lists(doubts: Sequence[Doubt], roster: Roster, now: datetime) -> Iterator[Decision]:
    """Yield a decision for each leader whose groups said something doubtful; who leads several
    groups gets one list."""
    by_leader: dict[str, list[Doubt]] = {}
    for doubt in doubts:
        grid = roster.by_room(doubt.room)
        takers = people.takers(grid.code, roster) if grid else ()
        leader = next((r.person for r in takers if r.person), "")
        if leader:
            by_leader.setdefault(leader, []).append(doubt)
    for leader, heard in by_leader.items():
        likely = sorted(heard, key=lambda d: -d.score)[:LISTED]
        listed = sorted(likely, key=lambda d: d.seq)
        question = Question(
            DOUBTS, leader, Command("report", {}), tuple(d.seq for d in listed), now
        )
        text = replies.doubts([(d.name, d.text) for d in listed], len(heard))
        send = Send(Reason.NOTICE, text, to=leader, in_hours=True)
        yield Decision(sends=(send,), question=question)
