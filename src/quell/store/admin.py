"""Findings in Django's admin; the pages live in ``contrib``, above all that they show."""

from importlib import import_module

import_module("quell.contrib.findings_admin")
