"""What leaders taught: weights of characters that `jiedan train` learned from their corrections.

They are added to what the shipped models say, so that a city's own models are those and a small
file of JSON that anybody can read; without it, the shipped ones stand. Pure but for the file.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from pathlib import Path

from handlers.triage.linear import pieces

LONGEST = 3


class TaughtError(Exception):
    """A file that can't be used; the text is one clear line."""


@dataclass(slots=True)
class Taught:
    """Weights by piece: for a problem, and for each category."""

    problem: dict[str, float] = field(default_factory=dict)
    category: dict[str, dict[str, float]] = field(default_factory=dict)

    def says_problem(self, line: str) -> float:
        """Return what is to be added to the logarithm of the odds of a problem."""
        found = pieces(line, LONGEST)
        return sum(map(self.problem.get, found, [0.0] * len(found))) / math.sqrt(len(found))

    def says_category(self, line: str) -> dict[str, float]:
        """Return what is to be added to the scores of categories."""
        found = pieces(line, LONGEST)
        size = math.sqrt(len(found))
        return {
            code: sum(map(weights.get, found, [0.0] * len(found))) / size
            for code, weights in self.category.items()
        }

    def save(self, path: Path) -> None:
        """Write the file whole or not at all. Raises OSError."""
        rounded = {
            "problem": {piece: round(weight, 4) for piece, weight in self.problem.items()},
            "category": {
                code: {piece: round(weight, 4) for piece, weight in weights.items()}
                for code, weights in self.category.items()
            },
        }
        text = json.dumps(rounded, ensure_ascii=False, indent=0, sort_keys=True)
        new = path.with_name(path.name + ".new")
        new.write_text(text + "\n", encoding="utf-8")
        new.replace(path)


def load_taught(path: Path) -> Taught:
    """Read a file of ``Taught.save``. Raises TaughtError; FileNotFoundError if there is none."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        return Taught(
            {str(piece): float(weight) for piece, weight in data["problem"].items()},
            {
                str(code): {str(piece): float(weight) for piece, weight in weights.items()}
                for code, weights in data["category"].items()
            },
        )
    except FileNotFoundError:
        raise
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise TaughtError(
            f"{path} 读不了，删掉它就回到自带的模型，也可以重新 jiedan train"
        ) from error
