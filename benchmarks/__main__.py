"""Measure what quell costs: ``python -m benchmarks [--json] [--rounds N] [--forks N] [--only N ...]``."""

import argparse
import json
import os
import platform
import sys
import tempfile
from pathlib import Path


def main() -> int:
    """Run the benchmark; return 1 if a target is missed."""
    options = _arguments().parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["QUELL_BENCHMARK_DATABASE"] = str(Path(folder) / "benchmark.sqlite3")
        os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.settings"
        return _run(options)


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--rounds", type=int, default=5, help="rounds per fork (default: 5)")
    parser.add_argument("--forks", type=int, default=5, help="how often to fork anew (default: 5)")
    parser.add_argument("--seed", type=int, default=1, help="of the order of the runs (default: 1)")
    parser.add_argument("--only", type=int, nargs="*", default=[], help="numbers of scenarios, from 0")
    return parser


def _run(options: argparse.Namespace) -> int:
    import django

    django.setup()
    from benchmarks import cost, scenarios

    scenarios.fill()
    for scenario in scenarios.SCENARIOS:
        scenario.run()
    rows = cost.compare(rounds=options.rounds, forks=options.forks, seed=options.seed, only=options.only)
    versions = f"Python {platform.python_version()}, Django {django.get_version()}"
    if options.json:
        print(json.dumps({"versions": versions, "rows": cost.as_records(rows)}, indent=2))
    else:
        print(f"{versions}; {options.forks} x {options.rounds} rounds, CPU time, medians")
        print(cost.as_table(rows))
    return 0 if all(row.is_within for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
