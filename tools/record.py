"""Run what the documentation shows, and write its output into the marked blocks."""

import argparse
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGES = (
    "README.md",
    "docs/batch-loading.md",
    "docs/cost.md",
    "docs/fix.md",
    "docs/loading.md",
    "docs/peers.md",
    "docs/production.md",
    "docs/recording.md",
    "docs/services.md",
    "docs/statistics.md",
    "docs/tutorial.md",
    "docs/verification.md",
)

# A benchmark fails where a target is missed; what it prints then is what the page has to say.
_MAY_MISS = {"aggregation", "bench", "batch", "dashboard", "loading", "peers", "overhead", "production"}


def _run(target: str) -> str:
    done = subprocess.run(
        ["make", "--no-print-directory", target], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode and target not in _MAY_MISS:
        sys.exit(f"make {target} failed:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    return done.stdout.replace(f"{ROOT}/", "")


def _from(text: str, pattern: str) -> str:
    """Return the output from the last line that matches a pattern on."""
    lines = text.rstrip().splitlines()
    starts = [number for number, line in enumerate(lines) if re.search(pattern, line)]
    return "\n".join(lines[starts[-1] :]) if starts else text.rstrip()


def _only(text: str, pattern: str) -> str:
    """Return the lines that match a pattern."""
    return "\n".join(line for line in text.splitlines() if re.search(pattern, line))


def _part(title: str) -> Callable[[str], str]:
    """Return what cuts out the lines below a title, up to the next one."""
    return lambda text: text.partition(f"== {title}\n")[2].partition("\n== ")[0].strip()


BLOCKS: dict[str, tuple[str, Callable[[str], str]]] = {
    "demo-short": ("demo", lambda text: _from(text, r"^ #  problem")),
    "demo": ("demo", lambda text: text[text.index(" 1  ") :].rstrip()),
    "fix": ("fix", lambda text: text.partition("== django_todo")[0].rstrip()),
    "fix-todo": ("fix", lambda text: text.partition("== django_todo\n")[2].rstrip()),
    "bench": ("bench", lambda text: _from(text, r"^Python ")),
    "batch": ("batch", lambda text: _from(text, r"^Python ")),
    "recorded": ("record", lambda text: text.partition("== drift")[0].partition("== file\n")[2].rstrip()),
    "drift": ("record", lambda text: text.partition("== drift\n")[2].rstrip()),
    "recording-cost": ("plans", lambda text: _from(text, r"^sqlite ")),
    "loading": ("loading", lambda text: text.rstrip()),
    "peers": ("peers", lambda text: text[text.index("Python ") :].rstrip()),
    "statistics-sqlite": ("aggregation", lambda text: text[: text.index("\npostgresql ")].rstrip()),
    "statistics-postgres": ("aggregation", lambda text: text[text.index("postgresql ") :].rstrip()),
    "dashboard": ("dashboard", lambda text: text.rstrip()),
    "soak": ("soak", lambda text: _from(text, r"^ +requests ")),
    "transfers": ("transfers", lambda text: _from(text, r"^PostgreSQL ")),
    "service-cost": ("overhead", lambda text: text[text.index("Python ") :].rstrip()),
    "production": ("production", lambda text: text[text.index("Python ") :].rstrip()),
    "faults": ("faults", lambda text: _from(text, r"^one mark per point")),
    "first-finding": ("adopt", _part("todo: first finding")),
    "first-fix": ("adopt", _part("todo: fix")),
    "first-tests": ("adopt", _part("todo: tests")),
    "first-baseline": ("adopt", _part("todo: baseline")),
    "second-application": ("adopt", _part("helpdesk")),
    "upstream": ("upstream", lambda text: text.rstrip()),
    "apps": (
        "apps",
        lambda text: _only(text, r"^(== |\d+ pages|exact:|growing lines|loops of|findings by|fixes proven)"),
    ),
}


def main() -> None:
    """Record the named blocks, or all of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("blocks", nargs="*", metavar="BLOCK", help=f"one of {', '.join(BLOCKS)}")
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help="what the target of one block printed before"
    )
    options = parser.parse_args()
    chosen = options.blocks or list(BLOCKS)
    if options.output is not None and len(chosen) != 1:
        parser.error("--output belongs to one block: name it")
    outputs: dict[str, str] = {}
    if options.output is not None:
        outputs[BLOCKS[chosen[0]][0]] = options.output.read_text().replace(f"{ROOT}/", "")
    for block in chosen:
        target, cut = BLOCKS[block]
        if target not in outputs:
            outputs[target] = _run(target)
        _write(block, cut(outputs[target]))


def _write(block: str, output: str) -> None:
    pattern = re.compile(rf"(<!-- output: {re.escape(block)} -->\n).*?(<!-- end -->)", re.DOTALL)
    for page in PAGES:
        path = ROOT / page
        text = path.read_text()
        changed = pattern.sub(lambda match: f"{match[1]}```text\n{output}\n```\n{match[2]}", text)
        if changed != text:
            path.write_text(changed)


if __name__ == "__main__":
    main()
