"""
Compare quell with other tools: ``python -m benchmarks.peers [--json] [--rounds N] [--only WORD ...] [--part PART]``.

Each tool runs in a process of its own, once per round and in shuffled order. A ratio is the CPU time of its fastest run
over that of bare Django, which a busy machine distorts least; bare Django takes part twice, which shows what noise is.
"""

import argparse
import json
import os
import platform
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks import peer_report
from benchmarks.peer_tools import TOOLS, VARIABLE, Tool, available, version_of

ROOT = Path(__file__).resolve().parent.parent
PARTS = ("cost", "memory", "corpus")
# What 50,000 rows may take more inside of quell's watch than in bare Django.
MEMORY_TARGET = 1.05


def main() -> int:
    """Run the comparison; return 1 if quell needs more memory than it may."""
    options = _arguments().parse_args()
    words = options.only
    chosen = [tool for tool in available()[1:] if not words or any(word in tool.name for word in words)]
    # Ratios need bare Django.
    tools = [TOOLS[0], *chosen]
    with _database():
        results: dict[str, Any] = {}
        if "cost" in options.part:
            results["cost"] = _costs(tools, options.rounds, options.seed)
        if "memory" in options.part:
            results["memory"] = {tool.name: _run(tool, "memory") for tool in tools}
        if "corpus" in options.part:
            results["corpus"] = {tool.name: _run(tool, "corpus") for tool in tools if tool.is_detecting}
    summary = {**_versions(tools), "rounds": options.rounds, **peer_report.summarise(results)}
    print(json.dumps(summary, indent=2) if options.json else peer_report.render(summary))
    more = summary.get("memory", {}).get("quell")
    return int(more is not None and more["ratio"] > MEMORY_TARGET)


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    parser.add_argument("--rounds", type=int, default=5, help="processes per tool (default: 5)")
    parser.add_argument("--seed", type=int, default=1, help="of the order of the runs (default: 1)")
    parser.add_argument("--only", nargs="*", default=[], metavar="WORD", help="parts of names of tools")
    parser.add_argument("--part", nargs="*", default=list(PARTS), choices=PARTS, help="default: all")
    return parser


@contextmanager
def _database() -> Iterator[None]:
    """Fill a database once; every process reads the same file."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["QUELL_BENCHMARK_DATABASE"] = str(Path(folder) / "benchmark.sqlite3")
        fill = "import django; django.setup(); from benchmarks.scenarios import fill; fill()"
        variables = {**os.environ, "DJANGO_SETTINGS_MODULE": "benchmarks.settings"}
        subprocess.run([sys.executable, "-c", fill], cwd=ROOT, env=variables, check=True)
        yield


def _costs(tools: Sequence[Tool], rounds: int, seed: int) -> dict[str, list[dict[str, Any]]]:
    shuffler = random.Random(seed)
    samples: dict[str, list[dict[str, Any]]] = {tool.name: [] for tool in tools}
    for number in range(rounds):
        for tool in shuffler.sample(tools, len(tools)):
            samples[tool.name].append(_run(tool, "cost", number))
    return samples


def _run(tool: Tool, part: str, seed: int = 0) -> Any:
    """
    Let one process do one part for a tool.

    Raises:
        RuntimeError: If it fails.
    """
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "benchmarks.peer_child", part, str(seed)],
        cwd=ROOT,
        env={**os.environ, VARIABLE: tool.name},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        msg = f"{part} under {tool.name} failed:\n{done.stderr[-3000:]}"
        raise RuntimeError(msg)
    return json.loads(done.stdout.splitlines()[-1])


def _versions(tools: Sequence[Tool]) -> dict[str, Any]:
    import django

    return {
        "python": platform.python_version(),
        "django": django.get_version(),
        "versions": {tool.package: version_of(tool) for tool in tools if tool.package},
    }


if __name__ == "__main__":
    sys.exit(main())
