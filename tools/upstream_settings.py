"""The settings that Django's suite runs with on SQLite, with a test runner that records outcomes."""

from importlib import import_module

_given = vars(import_module("test_sqlite"))
globals().update({name: value for name, value in _given.items() if name.isupper()})

TEST_RUNNER = "tools.upstream_runner.Recorder"
