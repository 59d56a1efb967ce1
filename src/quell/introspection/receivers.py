"""What runs besides the statement when rows are written one by one: receivers of signals, and own methods."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.db.models import Model, signals

from quell.wording.sentences import METHOD, RECEIVER

_BY_VERB = {
    "save": (signals.pre_save, signals.post_save),
    "delete": (signals.pre_delete, signals.post_delete),
    "m2m": (signals.m2m_changed,),
}
_NAMES = {
    signals.pre_save: "pre_save",
    signals.post_save: "post_save",
    signals.pre_delete: "pre_delete",
    signals.post_delete: "post_delete",
    signals.m2m_changed: "m2m_changed",
}


def receivers_of(model: type[Model], verb: str) -> tuple[str, ...]:
    """Return the receivers that a ``save``, ``delete`` or ``m2m`` of a model calls, but for Django's own, by name."""
    return tuple(
        RECEIVER(signal=_NAMES[signal], name=_name(receiver))
        for signal in _BY_VERB[verb]
        for receiver in _live(signal, model)
        if not str(getattr(receiver, "__module__", "")).startswith("django.")
    )


def own_method(model: type[Model], name: str) -> str:
    """Return ``Model.name()`` where a class of the user's overrides it, else nothing."""
    for cls in model.__mro__:
        if name in vars(cls):
            return "" if cls.__module__.startswith("django.") else METHOD(name=f"{cls.__qualname__}.{name}")
    return ""


def _live(signal: Any, sender: type[Model]) -> Iterator[Any]:
    if signal.has_listeners(sender):
        # Sync and async ones; the only place that knows which of the weak references are alive.
        found: Iterable[Any] = signal._live_receivers(sender)
        for group in found:
            yield from group if isinstance(group, (list, tuple)) else (group,)


def _name(receiver: Any) -> str:
    inner = getattr(receiver, "__func__", receiver)
    name = getattr(inner, "__qualname__", type(inner).__qualname__)
    return f"{getattr(inner, '__module__', '')}.{name}"
