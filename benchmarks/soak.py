"""
Run many requests and tasks, and see that nothing is mixed up and nothing grows.

Usage: ``python -m benchmarks.soak [--part PART ...] [--requests N] [--scale X] [--short] [--json]``.
Each part runs in a process of
its own. Every request knows what has to be reported about it, under which label, and how many statements it runs.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from benchmarks.peer_report import aligned

ROOT = Path(__file__).resolve().parent.parent
PARTS = {"wsgi": 200_000, "asgi": 20_000, "uvicorn": 50_000, "worker": 20_000, "celery": 20_000}
SAMPLES = 5
WARM_UP = 0.3
SHORT_WARM_UP = 0.5
CHILD = "QUELL_SOAK_PART"


def main() -> int:
    """Run the parts; return 1 if a report was wrong or the process grew."""
    options = _arguments().parse_args()
    if CHILD in os.environ:
        print(json.dumps(_run(os.environ[CHILD], options)))
        return 0
    parts = [part for part in options.part if part not in {"uvicorn", "celery"} or find_spec(part)]
    results = {part: _spawn(part) for part in parts}
    print(json.dumps(results, indent=2) if options.json else _table(results))
    return int(any(result["wrong"] or result["has_grown"] for result in results.values()))


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--part", nargs="*", default=list(PARTS), choices=list(PARTS), help="default: all")
    parser.add_argument("--requests", type=int, default=0, help="of each part; default: of its own")
    parser.add_argument("--scale", type=float, default=1, help="of the numbers of requests (default: 1)")
    parser.add_argument(
        "--short", action="store_true", help="do not judge resident memory, warm up for longer"
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    return parser


def _spawn(part: str) -> dict[str, Any]:
    """
    Run one part in a process of its own.

    Raises:
        RuntimeError: If it fails.
    """
    with tempfile.TemporaryDirectory() as folder:
        variables = {
            CHILD: part,
            "QUELL_BENCHMARK_DATABASE": str(Path(folder) / "soak.sqlite3"),
            "DJANGO_SETTINGS_MODULE": "benchmarks.soak_settings",
        }
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.soak", *sys.argv[1:]],
            cwd=ROOT,
            env=os.environ | variables,
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        msg = f"the part {part} failed:\n{done.stderr[-3000:]}"
        raise RuntimeError(msg)
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def _run(part: str, options: argparse.Namespace) -> dict[str, Any]:
    import logging

    import django

    logging.disable(logging.CRITICAL)
    django.setup()
    from benchmarks import soak_memory
    from benchmarks.scenarios import fill
    from benchmarks.soak_drivers import DRIVERS
    from benchmarks.soak_pages import book

    fill()
    total = options.requests or int(PARTS[part] * options.scale)
    warm_up = int(total * (SHORT_WARM_UP if options.short else WARM_UP))
    with contextmanager(DRIVERS[part])() as drive:
        drive(warm_up)
        samples = [soak_memory.sample(book.checked)]
        for _ in range(SAMPLES):
            drive((total - warm_up) // SAMPLES)
            samples.append(soak_memory.sample(book.checked))
    return {
        "requests": book.checked,
        "reports": book.reported,
        "wrong": book.wrong,
        "samples": [asdict(sample) for sample in samples],
        "has_grown": soak_memory.has_grown(samples, is_short=options.short),
    }


def _table(results: dict[str, dict[str, Any]]) -> str:
    head = ("", "requests", "reports", "wrong", "RSS MB", "objects", "blocks", "verdict")
    rows: list[tuple[str, ...]] = [head]
    for part, result in results.items():
        first, last = result["samples"][0], result["samples"][-1]
        grown = "GREW" if result["has_grown"] else "ok"
        rows.append(
            (
                part,
                f"{result['requests']:,}",
                f"{result['reports']:,}",
                str(len(result["wrong"])),
                f"{first['rss_mb']:.1f} -> {last['rss_mb']:.1f}",
                f"{first['objects']:,} -> {last['objects']:,}",
                f"{first['blocks']:,} -> {last['blocks']:,}",
                "WRONG" if result["wrong"] else grown,
            )
        )
    examples = [f"{part}: {text}" for part, result in results.items() for text in result["wrong"][:3]]
    return "\n".join([aligned(rows), *examples])


if __name__ == "__main__":
    sys.exit(main())
