"""What the documents promise is there."""

from __future__ import annotations

import re
from pathlib import Path

from bot.__main__ import _parser
from handlers.commands import WORDS

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CARD = (ROOT / "docs" / "command-card.md").read_text(encoding="utf-8")


def test_every_command_and_flag_is_in_the_readme() -> None:
    help_ = _parser().format_help()
    actions = _parser()._subparsers
    assert actions is not None
    (commands,) = (a for a in actions._group_actions if a.choices)
    for name, sub in dict(commands.choices or {}).items():
        assert f"jiedan {name}" in README, name
        for action in sub._actions:
            for flag in action.option_strings:
                assert flag in {"-h", "--help"} or flag in README, f"{name} {flag}"
    assert help_


def test_every_file_the_documents_name_exists() -> None:
    for document in (ROOT / "README.md", ROOT / "ARCHITECTURE.md", ROOT / "CONTRIBUTING.md"):
        text = document.read_text(encoding="utf-8")
        named = re.findall(r"\]\(([^)#:]+)\)", text)
        named += re.findall(
            r"`((?:bot|handlers|schedules|storage|tests|docs|benchmarks)/[\w/.]*)`", text
        )
        for name in named:
            assert (ROOT / name).exists(), f"{document.name}: {name}"


def test_every_command_has_its_word_on_the_card() -> None:
    for name in sorted(set(WORDS.values())):
        words = [word for word, meant in WORDS.items() if meant == name]
        assert any(word in CARD for word in words), name


def test_the_words_that_bind_are_on_the_card() -> None:
    assert all(word in CARD for word, meant in WORDS.items() if meant == "bind")
