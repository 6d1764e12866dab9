"""Understanding: text to what it is, which matter, how urgent, where. The one door is Triage.

Linear models say how surely a message is a problem and which line of government it belongs to;
tables of words say the matter, and are signs for the model. What a room must not be disturbed for
is kept out twice: by a threshold that was set on sources no training had seen, and by the doubtful
middle (``ask``). How the models were made is on the card, docs/triage-card.md.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from operator import mul

from bot.models import Command, Understanding, Urgency
from handlers.categories import categories
from handlers.commands import normal, parse
from handlers.triage.announce import announces
from handlers.triage.cutting import cutter
from handlers.triage.danger import danger
from handlers.triage.doubt import suspects
from handlers.triage.follows import follows
from handlers.triage.later import later
from handlers.triage.lexicon import lexicon
from handlers.triage.linear import Best, Model, Sums, best, pieces, shipped, shipped_but
from handlers.triage.place import NOWHERE, find_place
from handlers.triage.reading import Reading, decide, names_fault
from handlers.triage.signs import NAMES, length, signs
from handlers.triage.staff import speaks_down
from handlers.triage.taught import Taught
from handlers.triage.weigh import size, urgency

READ = 600
"""Characters that are read; a plea says what it is sooner."""
CUT = 200
"""Characters of those that are cut into words, which costs more than the models do."""
_AGAIN = re.compile(r"([^\d\s])\1{2,}")
"""What is said over and over ("啊啊啊啊") counts twice; "生日快乐啊啊啊啊" is no cry."""
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
_NEVER = -1.0
"""The score of a category that the shipped model doesn't know, before anything is taught."""
UNSURE = "other-service"
"""The category of what is in none, or in nobody knows which: a person says it."""
_SUGGESTS = ("建议", "希望能", "强烈建议")


class Triage:
    """Understands messages. Loads its dictionary once; local words are names kept whole."""

    def __init__(
        self,
        local_words: Iterable[str] = (),
        *,
        models: Mapping[str, Model] | None = None,
        taught: Taught | None = None,
    ) -> None:
        """Load dictionary and models; ``models`` are others than the shipped, for measuring, and
        ``taught`` is what leaders corrected."""
        self._local = tuple(local_words)
        self._cutter = cutter(self._local)
        self._models = shipped_but(models) if models else shipped()
        self.problem = self._models["problem"]
        self._domain = self._models["domain"]
        self._category = self._models["category"]
        self._taught = taught
        self._by_length: float = self.problem.more["signs"][NAMES.index("length")]
        self.limits: dict[str, float] = {
            name: self.problem.more[name] for name in ("ticket", "ask")
        }
        self._enough = math.log(self.limits["ticket"] / (1 - self.limits["ticket"])) + 0.01

    def understand(
        self, text: str, *, mentioned: bool = False, role: str = "neighbour", quoted: bool = False
    ) -> Understanding:
        """Return what a message is; the fields are the triage contract's. Takes any text."""
        command = self._ordered(text, mentioned, role, quoted)
        understood = self.judge(text, mentioned=mentioned, role=role)
        if command is None or _cries(command, understood):
            return understood
        return Understanding(
            "command", understood.score, understood.kind, understood.category, understood.domain,
            understood.urgency, understood.size, understood.place, command,
            understood.why, understood.topic, understood.follows,
        )  # fmt: skip

    def _ordered(self, text: str, mentioned: bool, role: str, quoted: bool) -> Command | None:
        """Return the command that a text is, by its words, by rules or by a model."""
        command = parse(text, mentioned=mentioned, role=role, quoted=quoted)
        if command and command.explicit:
            return command
        return later(normal(text), role, quoted, command, self._models)

    def judge(
        self, text: str, *, mentioned: bool = False, role: str = "neighbour"
    ) -> Understanding:
        """Return what a message is, its commands apart."""
        reading = self.read(text, mentioned=mentioned)
        line, topic = reading.line, reading.topic
        decision, _ = self.decide(reading, role)
        if reading.told is None:
            return Understanding(
                decision, reading.score, domain=_ANY, place=reading.place, follows=reading.follows
            )  # fmt: skip
        matter = self.matter_of(line, reading.sums)
        category = matter.label if matter.margin >= self._category.more["sure"] else UNSURE
        if reading.alarm:
            category = reading.alarm.category
        elif line.startswith(_SUGGESTS):
            category = "suggestion"
        known = categories()[category]
        return Understanding(
            decision, reading.score, known.kind, category,
            self._line_of_government(reading, matter), reading.urgency,
            self._size(known.kind, reading), reading.place, None,
            self._why(reading), topic.name if topic else "", reading.follows,
        )  # fmt: skip

    def decide(self, reading: Reading, role: str) -> tuple[str, str]:
        """Return the decision about what somebody said, and which rule made it."""
        return decide(reading, speaks_down(reading.line, role, self._models), self.limits)

    def read(self, text: str, *, mentioned: bool = False) -> Reading:
        """Weigh a message. Plain talk, which no sign could make a problem of, isn't even cut into
        words; most of what a group says is such talk."""
        line = _AGAIN.sub(r"\1\1", normal(text[:READ])[:READ])
        place = find_place(line, self._local)
        sums = self.problem.sums(line)
        alarm = lexicon().topics.get(danger(line, self._models, sums))
        weights = {"pieces": self.problem.scores(line, sums)[0], "called": _CALLED * mentioned}
        if self._taught:
            weights["taught"] = self._taught.says_problem(line)
        reading = Reading(line, sums, place, follows(line, place is not NOWHERE), alarm, weights)
        bare = len(line) <= _BARE and names_fault(line)
        heard = alarm or bare or reading.follows == "same" or suspects(line)
        if not heard and reading.logit + self._by_length * length(line) < _PLAIN:
            return reading
        reading.words = self._cutter.words(line[:CUT])
        told = signs(line, reading.words, any((place.building, place.unit, place.group)))
        reading.told = told
        reading.urgency = (
            Urgency.EMERGENCY
            if alarm
            else urgency(line, self._models["urgent"].scores(line, sums)[0])
        )
        weights["signs"] = sum(map(mul, told.values, self.problem.more["signs"]))
        if alarm:
            weights["alarm"] = max(0, _GRAVE - reading.logit)
        elif bare and told.strong and told.tips:
            weights["bare"] = max(0, self._enough + weights.get("taught", 0) - reading.logit)
        elif reading.logit > _PLAIN and announces(line):
            weights["form"] = -_FORMAL
        return reading

    def _size(self, kind: str, reading: Reading) -> str:
        model = self._models["size"]
        scores = model.scores(reading.line, reading.sums)
        return size(kind, reading.urgency, dict(zip(model.labels, scores, strict=True)))

    def _line_of_government(self, reading: Reading, matter: Best) -> str:
        """Return the model's label, or that of a surer category where it is none of the model's.

        The model knows seven of the fifteen labels; the others come by the category alone.
        """
        told = self.domain_of(reading.line, reading.sums)
        other = categories()[matter.label].domain
        beyond = other and other not in self._domain.labels
        if beyond and matter.margin - told.margin >= self._domain.more["yield"]:
            return other
        return told.label

    def domain_of(self, line: str, sums: Sums | None = None) -> Best:
        """Return the domain model's label of a text as ``normal`` returns it, and how surely;
        ``sums`` are what the models found in it, if they were asked before."""
        return best(self._domain.scores(line, sums), self._domain.labels)

    def matter_of(self, line: str, sums: Sums | None = None) -> Best:
        """Return the likeliest category in the same way."""
        scores = self.matters(line, sums)
        return best(list(scores.values()), list(scores))

    def matters(self, line: str, sums: Sums | None = None) -> dict[str, float]:
        """Return a score for each category."""
        scores = dict(zip(self._category.labels, self._category.scores(line, sums), strict=True))
        if self._taught:
            for code, more in self._taught.says_category(line).items():
                scores[code] = scores.get(code, _NEVER) + more
        return scores

    def _why(self, reading: Reading) -> tuple[str, ...]:
        """Return the words that spoke for a problem: those of the tables, else the model's own."""
        told = reading.told
        found = [*told.strong, *told.weak] if told else []
        words = [word for word, _ in found] + (told.cues if told else [])
        if not words:
            weighed = self.word_weights(reading)
            words = [word for word in weighed if weighed[word] > 0]
        return tuple(dict.fromkeys(words))[:6]

    def word_weights(self, reading: Reading) -> dict[str, float]:
        """Return what each word of two characters or more speaks for a problem, most first."""
        weights = {
            word: self.problem.weight(pieces(word, 3)[1:], 0)
            for word in reading.words
            if len(word) > 1
        }
        return {word: weights[word] for word in sorted(weights, key=lambda w: -weights[w])}


def _cries(command: Command, understood: Understanding) -> bool:
    """Return whether what sounds like urging or complaint is a cry for help."""
    complains = not command.explicit and command.name in {"nudge", "reopen", "query"}
    return complains and understood.urgency is Urgency.EMERGENCY
