"""What leaders and residents say later, where the rules alone don't hear it. Pure.

The rules of handlers.sayings read few ways of saying things, and are seldom wrong. A linear model
weighs their answer together with the words and the letters that the words stand for; it was
learned from sentences written for the purpose (docs/triage-card.md). A claim or a closing needs a
margin that hardly any left-out sentence without one has (triage contract, rule 8), and nothing that
asks, doubts or supposes changes a ticket.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from bot.models import Command
from handlers.sayings import HANDS, WORDLESS, doubtful, stars
from handlers.sayings_words import read
from handlers.triage.linear import Model

NONE = "none"
HAND_WORDS = (
    NONE, "claim", "progress", "resolve", "escalate", "return", "transfer", "suspend", "resume",
    "reject", "merge", "nudge", "query", "help",
)  # fmt: skip
HOUSEHOLD_WORDS = (NONE, "confirm", "reopen", "cancel", "nudge", "query", "rate", "help")
_BINDING, _SURE = frozenset({"claim", "resolve", "confirm", "cancel", "reject"}), 0.6
"""Claims and closings, and how far they must be before everything else."""
_ALONE = 0.9
"""The same where the rules hear none and no message of the bot's is answered, and always for a
cancel: nobody looks at a plea after it."""
_LIKELY = 0.35
"""The same for all other commands."""
_LONG = 40
"""Characters of what the model reads; longer lines tell a story, and cost the most."""
_ASKED = frozenset({"progress", "nudge", "query", "help", "reopen", NONE})
"""What a line that asks, doubts or supposes may be."""
_RULED = {name: chr(0xE200 + n) for n, name in enumerate((*HAND_WORDS, *HOUSEHOLD_WORDS[1:]))}
_REPLY, _DOUBT, _CLAUSE = ("\ue101", "\ue100"), ("\ue103", "\ue102"), "\ue104"
_LETTERS = {n: chr(0xE000 + n) for n in range(128)}
"""Signs that no text holds, for what is no word of it."""
_MERGED = re.compile(r"(\d{4,8})")
_PERSON = re.compile(
    r"(?:转给|交给|移给|派给|转交给?|转到|交由|让|请|给|由)\s?@?([\w·]{2,12}?)(?=去|来|跟|处理|办|负责|看|接|了|吧|哈|[\s,。!]|$)"
)


def telling(line: str, ruled: str, quoted: bool, unsure: bool) -> str:
    """Return a line as the model reads it: whether it is a reply, what the rules made of it and
    whether it asks or doubts, as signs of their own, its words, and the letters they stand for."""
    signs = f"{_REPLY[quoted]}{_RULED[ruled]}{_DOUBT[unsure]}"
    letters = _CLAUSE.join(read(line)).translate(_LETTERS)
    return f"{signs}{line}{_CLAUSE}{letters}{_CLAUSE}"


def later(
    line: str, role: str, quoted: bool, ruled: Command | None, models: Mapping[str, Model]
) -> Command | None:
    """Return the command that natural words are; ``ruled`` is what the rules made of them, and
    ``models`` has one for those who handle tickets and one for the others."""
    hands = role in HANDS
    if not line or len(line) > _LONG or not (hands or quoted or role == "reporter"):
        return ruled
    before = ruled.name if ruled else NONE
    model = models["said-hands" if hands else "said-household"]
    if before not in model.labels:
        return ruled
    unsure = doubtful(line)
    told = model.scores(telling(line, before, quoted, unsure))
    scores = {
        name: score - _margin(name, quoted or name == before)
        for name, score in zip(model.labels, told, strict=True)
        if name == before or not unsure or name in _ASKED
    }
    name = max(scores, key=scores.__getitem__)
    if name == before:
        return ruled
    if name == NONE or (name == "cancel" and role != "reporter"):
        return None
    args = _args(name, line)
    return None if args is None else Command(name, args, explicit=False)


def _margin(name: str, backed: bool) -> float:
    if name == NONE:
        return 0.0
    return (_SURE if backed and name != "cancel" else _ALONE) if name in _BINDING else _LIKELY


def _args(name: str, line: str) -> dict[str, str] | None:
    """Return a command's arguments; None where the words lack one that it can't do without."""
    if name in WORDLESS:
        return {}
    if name == "merge":
        numbers = _MERGED.findall(line)
        if not numbers:
            return None
        return {"into": numbers[-1]} | ({"ticket": numbers[0]} if len(numbers) > 1 else {})
    if name == "rate":
        given = stars(line)
        return {"stars": given} if given else None
    if name == "transfer":
        person = _PERSON.search(line)
        return {"person": person[1], "text": line} if person else None
    return {"text": line}
