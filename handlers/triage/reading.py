"""What one message was weighed by, part by part, and what that comes to. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from operator import add

from bot.models import Place, Urgency
from handlers.triage.doubt import enquires, suspects
from handlers.triage.lexicon import Topic, lexicon
from handlers.triage.linear import Sums
from handlers.triage.signs import Signs

PERHAPS, CERTAIN = 0.1, 0.9
"""What is only asked or suspected is asked about from here on; what the rest of the words make this
certain is a problem all the same."""


@dataclass(slots=True)
class Reading:
    """A message on its way to a decision. ``weights`` are logarithms of odds, by what spoke:

    pieces (the model's runs of characters), called (the bot is mentioned), signs (words of the
    tables, form), taught (what leaders corrected), alarm, bare (a fault and no more), form (a
    notice's or reply's). ``told`` is missing for plain talk, which nobody looked at further.
    """

    line: str
    sums: Sums
    place: Place
    follows: str
    alarm: Topic | None
    weights: dict[str, float]
    words: list[str] = field(default_factory=list)
    told: Signs | None = None
    urgency: Urgency = Urgency.NORMAL

    @property
    def logit(self) -> float:
        """Return the logarithm of the odds that the message is a problem post."""
        return sum(self.weights.values())

    @property
    def score(self) -> float:
        """Return the probability that the message is a problem post."""
        return round(1 / (1 + math.exp(-min(max(self.logit, -30), 30))), 4)

    @property
    def topic(self) -> Topic | None:
        """Return the matter; a cry for help goes before any other."""
        if self.alarm or self.told is None:
            return self.alarm
        return next((topic for _, topic in self.told.strong or self.told.weak), None)


def decide(reading: Reading, told_down: bool, limits: Mapping[str, float]) -> tuple[str, str]:
    """Return the decision (triage contract, rule 1) and which rule made it; ``told_down`` is what
    staff say to residents, and ``limits`` are the scores from which on a message is a ticket, or
    asked about."""
    if reading.alarm:
        return "ticket", "alarm"  # when a leader cries fire, it burns
    if reading.told is None:
        return "ignore", "plain"
    if told_down:
        return "ignore", "staff"
    score = reading.score
    suspected = score < CERTAIN and suspects(reading.line)
    if suspected or enquires(reading.line):
        named = suspected and reading.topic and not reading.told.against
        return ("ask" if named or score >= PERHAPS else "ignore"), "doubt"
    if score < limits["ask"]:
        return "ignore", "score"
    if score >= limits["ticket"]:
        return "ticket", "score"
    return ("ticket", "trouble") if reading.told.tips else ("ask", "score")


def names_fault(line: str) -> bool:
    """Return whether a short line holds a word that tells a problem by itself."""
    begun = _faults().keys() & map(add, line, line[1:])
    return any(word in line for pair in begun for word in _faults()[pair])


@cache
def _faults() -> dict[str, list[str]]:
    """Return the words that tell a problem by themselves, by their first two characters."""
    words: dict[str, list[str]] = {}
    for word in lexicon().strong:
        words.setdefault(word[:2], []).append(word)
    return words
