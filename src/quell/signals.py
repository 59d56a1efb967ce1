"""Signals that quell sends."""

from django.dispatch import Signal

findings_reported = Signal()
"""
Sent by each outermost scope that found something, when it ends.

Receivers get ``findings`` (a tuple, without those that are silenced), ``queries`` (a tuple), and ``label``: the route
and method of a request, never a full URL. It is sent by ``send_robust()``, so that a receiver which fails does not
fail the request.
"""
