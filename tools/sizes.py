"""Check the limits of the conventions that no linter knows: module length, function length, module names."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

_ROOT = Path(__file__).resolve().parent.parent
_FOLDERS = ("src", "tests", "tools", "benchmarks", "example_project")
_MAX_MODULE_LINES = 300
_MAX_FUNCTION_LINES = 40
_EMPTY_NAMES = {"utils", "helpers", "common", "misc", "base"}

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def complaints(file: Path, root: Path) -> Iterator[str]:
    """Yield one line for each limit that a module breaks, with its path below the root."""
    source = file.read_text()
    name = file.relative_to(root)
    line_count = len(source.splitlines())
    if line_count >= _MAX_MODULE_LINES:
        yield f"{name}:1: {line_count} lines; a module stays under {_MAX_MODULE_LINES}"
    if file.stem in _EMPTY_NAMES:
        yield f"{name}:1: a module is named for what it holds, never {file.stem}"
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, _FUNCTIONS) and _length(node) >= _MAX_FUNCTION_LINES:
            limit = f"a function stays under {_MAX_FUNCTION_LINES}"
            yield f"{name}:{node.lineno}: {node.name} has {_length(node)} lines; {limit}"


def _length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Count the lines of a function without its docstring, which is meant to be complete."""
    end = node.end_lineno or node.lineno
    first = node.body[0]
    is_documented = ast.get_docstring(node, clean=False) is not None
    docstring = (first.end_lineno or first.lineno) - first.lineno + 1 if is_documented else 0
    return end - node.lineno + 1 - docstring


def main() -> int:
    """Print every complaint; return 1 when there is one."""
    files = sorted(file for folder in _FOLDERS for file in (_ROOT / folder).rglob("*.py"))
    found = [line for file in files if "migrations" not in file.parts for line in complaints(file, _ROOT)]
    print("\n".join(found) or f"{len(files)} modules checked")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
