"""Signals that quell sends."""

from django.dispatch import Signal

findings_reported = Signal()
"""
Sent by each outermost scope that found something, when it ends.

Receivers get ``findings`` (a tuple, without those that are silenced), ``queries`` (a tuple), and ``label``: the route
and method of a request, never a full URL. It is sent by ``send_robust()``, so that a receiver which fails does not
fail the request.
"""

service_finished = Signal()
"""
Sent by each call of a service when it ends, also of one that joined another.

Receivers get ``event``, a ``quell.events.ServiceEvent``. It is sent by ``send_robust()``, in the thread or the event
loop of the caller, when the transaction is over; without receivers nothing is counted or timed.
"""
