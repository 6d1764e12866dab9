"""Understanding: text to what it is, which matter, how urgent, where. The one door is Triage.

Linear models say how surely a message is a problem and which line of government it belongs to;
tables of words say the matter, and are signs for the model. What a room must not be disturbed for
is kept out twice: by a threshold that was set on sources no training had seen, and by the doubtful
middle (``ask``). How the models were made is on the card, docs/triage-card.md.
"""

from __future__ import annotations

import logging
import math
import warnings
from collections.abc import Iterable, Mapping
from functools import cache
from operator import add, mul

from bot.models import Command, Understanding, Urgency
from handlers.categories import categories
from handlers.commands import normal, parse
from handlers.triage.announce import announces
from handlers.triage.danger import danger
from handlers.triage.doubt import enquires, suspects
from handlers.triage.follows import follows
from handlers.triage.lexicon import lexicon
from handlers.triage.linear import Best, Model, best, pieces, shipped
from handlers.triage.place import find_place
from handlers.triage.signs import NAMES, Signs, length, signs
from handlers.triage.staff import asks_upward
from handlers.triage.weigh import size, urgency

with warnings.catch_warnings():
    # jieba 0.42.1 has invalid escapes in its strings and asks for pkg_resources: not our news
    warnings.simplefilter("ignore")
    import jieba

jieba.setLogLevel(logging.ERROR)

READ = 1000
"""Characters that are read; a plea says what it is sooner."""
_STAFF = frozenset({"leader", "deputy", "officer"})
_CALLED = 1.2
"""What a mention of the bot speaks for a problem, on the scale of the score's logarithm."""
_GRAVE = 1.5
"""The least, on the same scale, that a cry for help comes to, whatever words are around it."""
_BARE = 12
"""Characters of a plea that is only a fault ("停水了"), which the model takes for talk."""
_FORMAL = 4.0
"""What the form of a notice or of an office's reply speaks against one, on the same scale."""
_PLAIN = -2.0
"""Below this, on the same scale and before the other signs, a message is plain talk. Of 6,000
citizens' titles and sentences eight lie below, and none of those would be asked about."""
_ANY = "党务政务"
_PERHAPS, _CERTAIN = 0.2, 0.9
"""What is only asked or suspected is asked about from here on; what the rest of the words make this
certain is a problem all the same."""
UNSURE = "other-service"
"""The category of what is in none, or in nobody knows which: a person says it."""
_SUGGESTS = ("建议", "希望能", "强烈建议")


class Triage:
    """Understands messages. Loads its dictionary once; local words are names kept whole."""

    def __init__(
        self, local_words: Iterable[str] = (), *, models: Mapping[str, Model] | None = None
    ) -> None:
        """Load dictionary and models; ``models`` are others than the shipped, for measuring."""
        self._local = tuple(local_words)
        self._cutter = cutter(self._local)
        models = models or {}
        self._problem = models.get("problem") or shipped("problem")
        self._domain = models.get("domain") or shipped("domain")
        self._category = models.get("category") or shipped("category")
        self._by_length: float = self._problem.more["signs"][NAMES.index("length")]
        self._ticket: float = self._problem.more["ticket"]
        self._ask: float = self._problem.more["ask"]
        self._enough = math.log(self._ticket / (1 - self._ticket)) + 0.01

    def understand(
        self, text: str, *, mentioned: bool = False, role: str = "neighbour", quoted: bool = False
    ) -> Understanding:
        """Return what a message is; the fields are the triage contract's. Takes any text."""
        command = parse(text, mentioned=mentioned, role=role, quoted=quoted)
        understood = self.judge(text, mentioned=mentioned, role=role)
        if command is None or _cries(command, understood):
            return understood
        return Understanding(
            "command", understood.score, understood.kind, understood.category, understood.domain,
            understood.urgency, understood.size, understood.place, command,
            understood.why, understood.topic, understood.follows,
        )  # fmt: skip

    def judge(
        self, text: str, *, mentioned: bool = False, role: str = "neighbour"
    ) -> Understanding:
        """Return what a message is, its commands apart."""
        line = normal(text[:READ])[:READ]
        place = find_place(line, self._local)
        alarm = lexicon().topics.get(danger(line))
        after = follows(line, place != _NOWHERE)
        logit = self._problem.scores(line)[0] + _CALLED * mentioned
        bare = len(line) <= _BARE and _names_fault(line)
        if not (alarm or bare or after == "same") and self._is_plain_talk(line, logit):
            return Understanding(
                "ignore", _odds(logit), domain=_ANY, place=place, follows=after
            )  # fmt: skip
        words = self._cutter.lcut(line, HMM=False)
        told = signs(line, words, any((place.building, place.unit, place.group)))
        topic = alarm or next((topic for _, topic in told.strong or told.weak), None)
        level = Urgency.EMERGENCY if alarm else urgency(line)
        logit += sum(map(mul, told.values, self._problem.more["signs"]))
        if level is Urgency.EMERGENCY:
            logit = max(logit, _GRAVE)
        elif bare and told.strong and told.tips:
            logit = max(logit, self._enough)
        elif logit > _PLAIN and announces(line):
            logit -= _FORMAL
        probability = _odds(logit)
        decision = self._decide(probability, told.tips, role, level, line)
        matter = best(self._category.scores(line), self._category.labels)
        if level is Urgency.EMERGENCY and topic:
            category = topic.category
        else:
            category = matter.label if matter.margin >= self._category.more["sure"] else UNSURE
        if line.startswith(_SUGGESTS):
            category = "suggestion"
        known = categories()[category]
        return Understanding(
            decision, probability, known.kind, category,
            self._line_of_government(line, matter), level,
            size(known.kind, category, level, line), place, None, self._why(words, told),
            topic.name if topic else "", after,
        )  # fmt: skip

    def _is_plain_talk(self, line: str, logit: float) -> bool:
        """Return whether no sign could make a problem of it: it needs no cutting into words.

        Most of what a group says is such talk.
        """
        return logit + self._by_length * length(line) < _PLAIN

    def _decide(self, probability: float, tips: bool, role: str, level: Urgency, line: str) -> str:
        if level is Urgency.EMERGENCY:
            return "ticket"  # when a leader cries fire, it burns
        if role in _STAFF and not asks_upward(line):
            return "ignore"  # staff speak to residents
        if enquires(line) or (suspects(line) and probability < _CERTAIN):
            return "ask" if probability >= _PERHAPS else "ignore"
        if probability < self._ask:
            return "ignore"
        return "ticket" if tips or probability >= self._ticket else "ask"

    def _line_of_government(self, line: str, matter: Best) -> str:
        """Return the model's label, or that of a surer category where it is none of the model's.

        The model knows seven of the fifteen labels; the others come by the category alone.
        """
        told = self.domain_of(line)
        other = categories()[matter.label].domain
        beyond = other and other not in self._domain.labels
        if beyond and matter.margin - told.margin >= self._domain.more["yield"]:
            return other
        return told.label

    def domain_of(self, line: str) -> Best:
        """Return the domain model's label of a text as ``normal`` returns it, and how surely."""
        return best(self._domain.scores(line), self._domain.labels)

    def _why(self, words: Iterable[str], told: Signs) -> tuple[str, ...]:
        """Return the words that spoke for a problem: those of the tables, else the model's own."""
        found = [w for w, _ in told.strong] + [w for w, _ in told.weak] + told.cues
        if not found:
            weights = {
                word: sum(self._problem.weight(piece, 0) for piece in pieces(word, 3)[1:])
                for word in words
                if len(word) > 1
            }
            own = (word for word in weights if weights[word] > 0)
            found = sorted(own, key=weights.__getitem__, reverse=True)
        return tuple(dict.fromkeys(found))[:6]


@cache
def cutter(local_words: tuple[str, ...]) -> jieba.Tokenizer:
    """Load jieba's dictionary with ours; half a second and a hundred megabytes, so once."""
    cutter = jieba.Tokenizer()
    cutter.initialize()
    for word in (*sorted(lexicon().words()), *local_words):
        cutter.add_word(word)
    return cutter


_NOWHERE = find_place("")


def _names_fault(line: str) -> bool:
    """Return whether a short line holds a word that tells a problem by itself."""
    pairs = map(add, line, line[1:])
    return not _beginnings().isdisjoint(pairs) and any(word in line for word in lexicon().strong)


@cache
def _beginnings() -> frozenset[str]:
    return frozenset(word[:2] for word in lexicon().strong)


def _cries(command: Command, understood: Understanding) -> bool:
    """Return whether what sounds like urging or complaint is a cry for help."""
    complains = not command.explicit and command.name in {"nudge", "reopen", "query"}
    return complains and understood.urgency is Urgency.EMERGENCY


def _odds(logit: float) -> float:
    return round(1 / (1 + math.exp(-min(max(logit, -30), 30))), 4)
