"""Visit the pages of a real application at two sizes and list the queries that grow with the rows."""

import argparse
import importlib
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from database import VARIABLE
from protocol import App, app_names, load_app


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure one application; fail when a page fails, or when quell misses or invents a loop."""
    options = _parse(arguments)
    if options.database_url:
        os.environ[VARIABLE] = options.database_url
    app = load_app(options.app, options.page or "")
    if options.quell and not hasattr(importlib.import_module("quell"), "watch"):
        raise SystemExit("quell.watch does not exist in this environment")
    from django.db import connection

    name = connection.settings_dict["NAME"]
    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        return _measure(app, options)
    finally:
        connection.creation.destroy_test_db(name, verbosity=0)


def _measure(app: App, options: argparse.Namespace) -> int:
    from matching import Verdict, compare
    from oracle import Oracle, visit_all
    from report import as_json, comparison_lines, oracle_lines

    small, large = options.sizes
    if options.batch:
        from healing import heal_all, healing_lines

        healing = heal_all(app, (small, large))
        print(*healing_lines(healing), sep="\n")
        return int(bool(healing.different or healing.batched.errors))
    oracle = Oracle(visit_all(app, small), visit_all(app, large))
    print(*oracle_lines(oracle), sep="\n", flush=True)
    comparison = compare(app, large, oracle) if options.quell else None
    if comparison is not None:
        print(*comparison_lines(comparison), sep="\n", flush=True)
        if options.prove:
            from proofs import trial_lines, try_all

            print(*trial_lines(try_all(app, large, comparison.findings)), sep="\n")
    if options.json:
        options.json.write_text(json.dumps(as_json(oracle, comparison), indent=1) + "\n", encoding="utf-8")
    if oracle.errors:
        return 1
    if comparison is None:
        return 0
    is_exact = all(match.verdict is Verdict.EXACT for match in comparison.matches)
    is_false = any(not loop.is_constant for loop in comparison.false_loops)
    return 0 if is_exact and not (is_false or comparison.disturbed or comparison.errors) else 1


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("app", choices=app_names())
    parser.add_argument("--sizes", nargs=2, type=int, default=(5, 25), metavar=("SMALL", "LARGE"))
    parser.add_argument("--quell", action="store_true", help="compare with the findings of quell")
    parser.add_argument("--batch", action="store_true", help="visit the pages under quell.batch_loading()")
    parser.add_argument("--prove", action="store_true", help="with --quell: rerun the pages with the fixes")
    parser.add_argument("--page", metavar="WORD", help="only pages whose name holds this word")
    parser.add_argument("--json", type=Path, help="write all results to this file")
    parser.add_argument("--database-url", help="postgresql://user@host/name; without it SQLite in memory")
    options = parser.parse_args(arguments)
    if not 0 < options.sizes[0] < options.sizes[1]:
        parser.error("--sizes must rise")
    return options


if __name__ == "__main__":
    sys.exit(main())
