"""
``quell <verb>``: the command without ``manage.py``.

Settings are those of ``DJANGO_SETTINGS_MODULE``, else those that the ``manage.py`` of the working directory names.
"""

import os
import re
import sys
from pathlib import Path

import django
from django.conf import settings
from django.core.management.base import CommandError

_NAMED = re.compile(r"""["']DJANGO_SETTINGS_MODULE["']\s*,\s*["']([\w.]+)["']""")
# These read files, and know nothing of a project.
_WITHOUT_PROJECT = frozenset({"diff", "explain"})


def main(arguments: list[str] | None = None) -> None:
    """Run a verb; exits as ``manage.py quell`` does."""
    given = sys.argv[1:] if arguments is None else arguments
    sys.path.insert(0, os.getcwd())
    try:
        _set_up(given)
    except CommandError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(error.returncode)
    from quell.management.commands.quell import Command

    # Not by its name: the app need not be installed.
    Command().run_from_argv(["quell", "", *given])


def _set_up(arguments: list[str]) -> None:
    is_alone = (
        bool(_WITHOUT_PROJECT.intersection(arguments[:1])) or not arguments or arguments[0].startswith("-")
    )
    module = _module(arguments)
    if module:
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", module)
    elif is_alone and not settings.configured:
        settings.configure()
    elif not settings.configured:
        msg = "There are no settings. Run quell beside your manage.py, set DJANGO_SETTINGS_MODULE, or give --settings."
        raise CommandError(msg, returncode=2)
    if not is_alone:
        django.setup()


def _module(arguments: list[str]) -> str:
    for position, text in enumerate(arguments):
        if text.startswith("--settings="):
            return text.partition("=")[2]
        if text == "--settings" and position + 1 < len(arguments):
            return arguments[position + 1]
    named = os.environ.get("DJANGO_SETTINGS_MODULE")
    if named:
        return named
    file = Path("manage.py")
    match = _NAMED.search(file.read_text(encoding="utf-8")) if file.is_file() else None
    return match[1] if match else ""
