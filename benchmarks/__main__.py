"""All figures in one table, and as JSON: `make bench`, or `make bench ARGS="rivals storm"`."""

from __future__ import annotations

import importlib
import json
import os
import platform
import sys
from dataclasses import asdict
from pathlib import Path

from benchmarks.figures import Figure, table

PARTS = ("understanding", "rivals", "city", "day", "storm", "workers")
OUT = Path(__file__).parent.parent / "build" / "bench.json"


def main(parts: list[str]) -> None:
    """Run the parts named, or all."""
    found: list[Figure] = []
    for part in parts or PARTS:
        print(f"… {part}", file=sys.stderr, flush=True)
        found += importlib.import_module(f"benchmarks.{part}").figures()
    print(table(found))
    OUT.parent.mkdir(exist_ok=True)
    machine = f"Python {platform.python_version()}, {os.cpu_count()} cores"
    rows = [asdict(f) | {"ratio": f.ratio} for f in found]
    OUT.write_text(
        json.dumps({"machine": machine, "figures": rows}, indent=1, ensure_ascii=False) + "\n",
        encoding="utf-8",
    )
    print(f"\n{machine}; the same as JSON in {OUT.relative_to(Path.cwd())}")


if __name__ == "__main__":
    main(sys.argv[1:])
