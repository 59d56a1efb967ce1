"""
The state of model instances, taken before a service runs and given back when its transaction is gone.

# Note [Instances after a rollback]
Django leaves an instance as the code left it: with the key of a row that does not exist, and not ``adding``, so that
a second ``save()`` updates nothing. What a service was given is put back as it was, so that it can be run again.
"""

from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from typing import Any, NamedTuple

from django.db.models import Model

_COLLECTIONS = (list, tuple, set, frozenset)
# What can be changed in place is copied, so that a change is undone.
_CHANGEABLE = frozenset({dict, list, set, bytearray})


class _State(NamedTuple):
    instance: Model
    values: dict[str, Any]
    state: dict[str, Any]


def take_states(args: tuple[object, ...], kwargs: Mapping[str, object]) -> list[_State]:
    """Return the state of each instance among the arguments, and in lists and dictionaries that are arguments."""
    states: list[_State] = []
    for value in (*args, *kwargs.values()) if kwargs else args:
        if isinstance(value, Model):
            states.append(_state_of(value))
        elif isinstance(value, (*_COLLECTIONS, dict)):
            members = value.values() if isinstance(value, dict) else value
            states.extend(_state_of(item) for item in _models(members))
    return states


def give_back(states: Iterable[_State]) -> None:
    """Put each instance into the state that it was in; a state can be given back several times."""
    for instance, values, state in states:
        instance.__dict__.clear()
        instance.__dict__.update(_copied(values))
        instance._state.__dict__.clear()
        instance._state.__dict__.update(_copied(state))


def _models(values: Iterable[object]) -> Iterator[Model]:
    return (value for value in values if isinstance(value, Model))


def _state_of(instance: Model) -> _State:
    return _State(instance, _copied(instance.__dict__), _copied(instance._state.__dict__))


def _copied(values: Mapping[str, Any]) -> dict[str, Any]:
    """Copy a namespace, and what can be changed in it: most rows hold nothing of that kind, and cost no call each."""
    copied = dict(values)
    for name, value in values.items():
        if type(value) in _CHANGEABLE:
            if not value:
                copied[name] = value.copy()
                continue
            # Of rows that it holds, a collection is copied and not the rows: caches of relations share them.
            copied[name] = _shallow(value) if _holds_objects(value) else deepcopy(value)
    return copied


def _holds_objects(value: Any) -> bool:
    members = value.values() if isinstance(value, dict) else value
    return any(isinstance(item, Model) or hasattr(item, "_result_cache") for item in members)


def _shallow(value: Any) -> Any:
    return type(value)(value)
