"""What must be hidden is hidden however it is spelled; what must stay stays."""

from __future__ import annotations

import os
import random
from collections import Counter

from handlers.masking import mask
from tests.properties.numbers_in_words import harmless, leaks, message, shown

MESSAGES = int(os.environ.get("JIEDAN_MASKS", "5000"))
RECALL = 0.999


def test_secrets_are_hidden_in_all_their_spellings() -> None:
    rng = random.Random(20261124)
    missed: list[str] = []
    of_kind: Counter[str] = Counter()
    for _ in range(MESSAGES):
        said = message(rng)
        masked, frame = mask(said.text), said.frame
        assert mask(masked) == masked
        for secret in said.secrets:
            assert len(secret.digits) == len(secret.at)
            of_kind[secret.kind] += 1
            if leaks(secret, masked, frame):
                missed.append(
                    f"{secret.kind} {secret.digits}: {shown(said.text)} -> {shown(masked)}"
                )
    recall = 1 - len(missed) / of_kind.total()
    print(
        f"recall {recall:.5f}: {len(missed)} of {of_kind.total()} secrets read back; {dict(of_kind)}"
    )
    assert recall >= RECALL, "\n".join(missed[:20])


def test_numbers_that_are_no_secrets_stay() -> None:
    rng = random.Random(20261125)
    said = [harmless(rng) for _ in range(MESSAGES)]
    changed = [f"{shown(text)} -> {shown(mask(text))}" for text in said if mask(text) != text]
    print(f"harmless {1 - len(changed) / len(said):.5f}: {len(changed)} of {len(said)} changed")
    assert not changed, "\n".join(changed[:20])
