"""`jiedan train`: learn from leaders' corrections, and keep it only if it helps."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from bot.app import local_words, open_store, triage_of
from bot.config import Config, ConfigError
from handlers.triage import Triage
from handlers.triage.lessons import LEAST, Marks, held_back, is_worse, learn, marks, ours


async def train(config: Config) -> int:
    """Learn, show before and after, write what was learned unless it is worse; return the exit
    code. The program may run meanwhile. Raises ConfigError or StorageError."""
    if not config.triage.taught:
        raise ConfigError("[triage] taught：没有写学到的存到哪个文件")
    store = open_store(config.storage.url)
    try:
        labels = await store.read(lambda s: s.labels())
    finally:
        await store.close()
    kept = [label for label in labels if held_back(label.text)]
    lessons = [label for label in labels if not held_back(label.text)]
    if len(lessons) < LEAST or not kept:
        print(
            f"改正还只有{len(labels)}条，攒到三十条上下再来学。"
            "改类、不是诉求、把拿不准的立单，都算改正。"
        )
        return 0
    old, words = triage_of(config), local_words(config)
    taught = learn(Triage(words), lessons)
    new = Triage(words, taught=taught)
    before, after = marks(old, kept), marks(new, kept)
    examples = ours()[1]
    of_ours = marks(old, examples), marks(new, examples)
    print(f"改正一共{len(labels)}条：{len(lessons)}条拿来学，{len(kept)}条没有学，用来考。")
    print(_table(before, after, of_ours))
    if is_worse(before, after, of_ours):
        print("学过以后不如现在，没有采用，什么也没有动。")
        return 0
    path = Path(config.triage.taught)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        taught.save(path)
    except OSError as error:
        raise ConfigError(f"[triage] taught：写不了 {path}：{error.strerror}") from error
    print(f"存在 {path}，下次启动时用上；删掉它，就回到自带的模型。")
    return 0


def _table(before: Marks, after: Marks, of_ours: tuple[Marks, Marks]) -> str:
    rows: tuple[tuple[str, Callable[[Marks], tuple[int, int]], Marks, Marks], ...] = (
        ("该立单的立了", lambda m: (m.opened, m.problems), before, after),
        ("不该立的没立", lambda m: (m.quiet, m.others), before, after),
        ("类别说对了", lambda m: (m.category, m.named), before, after),
        ("自带的例句", lambda m: (m.right, m.problems + m.others), *of_ours),
    )
    lines = ["              现在      学过以后"]
    for name, figure, old, new in rows:
        first, second = ("/".join(map(str, figure(m))) for m in (old, new))
        lines.append(f"{name:　<7}{first:<10}{second}")
    return "\n".join(lines)
