"""Which code belongs to the user: what is not the standard library, Django, quell or a known library."""

import os
import sys
import sysconfig
from functools import cache
from importlib.util import find_spec
from types import CodeType

from django import db
from django.core.signals import setting_changed

from quell.conf import get_settings

# Packages that run other people's querysets. Applications are user code wherever they are installed.
BUILT_IN_LIBRARIES = (
    "django", "quell", "asgiref", "rest_framework", "debug_toolbar", "django_filters", "sqlparse",
    "psycopg", "psycopg2", "MySQLdb", "pymysql", "jinja2",
    "pytest", "_pytest", "pluggy", "xdist", "pytest_django", "pytest_asyncio", "anyio", "hypothesis", "coverage",
    "factory", "faker", "model_bakery",
    "celery", "kombu", "billiard", "rq", "dramatiq", "channels", "daphne", "gunicorn", "uvicorn", "waitress",
    "sentry_sdk", "opentelemetry", "silk", "zeal", "nplusone", "django_nplus1", "query_doctor", "auto_prefetch",
    "django_extensions", "whitenoise", "hypercorn",
    "rest_framework_simplejwt", "drf_spectacular", "graphene", "graphene_django", "strawberry", "strawberry_django",
    "ninja", "pydantic", "django_tables2", "import_export", "rest_framework_nested", "reversion",
)  # fmt: skip
_INTERACTIVE = ("<stdin>", "<console>", "<ipython", "<doctest")
# What exec() runs: the code of ``manage.py shell -c``, and of what is piped into it.
_TEXT = "<string>"
# Dataclasses make their methods so.
_GENERATED = "__create_fn__."

# The folders of the ORM, and of what quell puts in its place.
ORM = (os.path.dirname(db.__file__) + os.sep, os.path.dirname(__file__) + os.sep)

# The answers so far, for code that runs once per frame and cannot afford a call.
known_files: dict[str, bool] = {}


def is_user_file(filename: str) -> bool:
    """Tell whether a file is user code; the answer is kept."""
    known = known_files.get(filename)
    if known is None:
        known = known_files[filename] = _judge(filename)
    return known


def is_user_code(code: CodeType) -> bool:
    """Tell whether a code object is user code."""
    is_generated = code.co_filename == _TEXT and code.co_qualname.startswith(_GENERATED)
    return not is_generated and is_user_file(code.co_filename)


def _forget(*, setting: str, **_: object) -> None:
    if setting == "QUELL_LIBRARIES":
        known_files.clear()
        _library_roots.cache_clear()


setting_changed.connect(_forget, dispatch_uid="quell.lineage.usercode")


def _judge(filename: str) -> bool:
    if filename.startswith("<"):
        return filename.startswith(_INTERACTIVE) or (filename == _TEXT and not _is_run_from_text())
    path = os.path.abspath(filename)
    if os.path.basename(path) == "manage.py" and path == _main_file():
        # It runs whatever it is told to, and nothing in it can be changed.
        return False
    if any(path == root or path.startswith(root + os.sep) for root in _library_roots()):
        return False
    site_packages = (os.sep + "site-packages" + os.sep, os.sep + "dist-packages" + os.sep)
    if any(part in path for part in site_packages):
        return True
    return not any(path.startswith(root + os.sep) for root in _standard_library())


def _main_file() -> str:
    file = getattr(sys.modules.get("__main__"), "__file__", None)
    return os.path.abspath(file) if file else ""


@cache
def _is_run_from_text() -> bool:
    """Tell whether ``python -c`` runs this process, as workers of pools are: that text is nobody's."""
    arguments = iter(sys.orig_argv[1:])
    for argument in arguments:
        if argument.startswith("-c"):
            return True
        if not argument.startswith("-") or argument.startswith("-m"):
            return False
        if argument in {"-W", "-X"}:
            next(arguments, None)
    return False


@cache
def _standard_library() -> tuple[str, ...]:
    paths = sysconfig.get_paths()
    found = {os.path.abspath(paths[name]) for name in ("stdlib", "platstdlib")}
    # A virtual environment reports the base interpreter's library, but os.__file__ is the truth.
    return tuple(sorted(found | {os.path.dirname(os.path.abspath(os.__file__))}))


@cache
def _library_roots() -> tuple[str, ...]:
    roots: set[str] = set()
    for name in (*BUILT_IN_LIBRARIES, *get_settings().libraries):
        roots.update(_roots_of(name))
    return tuple(sorted(roots))


def _roots_of(name: str) -> set[str]:
    module = sys.modules.get(name)
    try:
        spec = find_spec(name) if module is None else module.__spec__
    except (ImportError, ValueError):
        return set()
    if spec is None:
        return set()
    if spec.submodule_search_locations:
        return {os.path.abspath(path) for path in spec.submodule_search_locations}
    return {os.path.abspath(spec.origin)} if spec.origin and os.sep in spec.origin else set()
