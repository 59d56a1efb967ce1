"""What a profile meets: databases, migrations and users."""

from collections.abc import Iterator
from typing import Any, TypeAlias

from django.apps import apps
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections
from django.db.migrations.executor import MigrationExecutor

from quell.exceptions import UsageError
from quell.management.profiling.catching import Caught, one_line
from quell.management.profiling.isolation import Aliases, NotAllowed

# The user model of a project has few things in common with that of Django.
User: TypeAlias = Any
UserModel: TypeAlias = Any


def database_problems(aliases: Aliases) -> Iterator[str]:
    """Yield one line for each database that does not answer, and one for migrations that are not applied."""
    with aliases.rolled_back():
        pass
    for alias, error in aliases.errors.items():
        if not isinstance(error, (NotAllowed, ImproperlyConfigured)):
            yield f"The database {alias} does not answer: {one_line(error)}"
    if DEFAULT_DB_ALIAS in aliases.errors:
        return
    missing: list[Any] = []
    with Caught() as caught:
        executor = MigrationExecutor(connections[DEFAULT_DB_ALIAS])
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if caught.error is not None:
        yield f"The migrations cannot be read: {one_line(caught.error)}"
    elif missing:
        are = "1 migration is" if len(missing) == 1 else f"{len(missing)} migrations are"
        yield f"{are} not applied: run manage.py migrate first."


def find_user(name: str, aliases: Aliases) -> User:
    """
    Return a user by username, e-mail address or key.

    Raises:
        UsageError: If there is no such user who may log in.
    """
    if not apps.is_installed("django.contrib.auth"):
        msg = "--user needs django.contrib.auth in INSTALLED_APPS"
        raise UsageError(msg)
    from django.contrib.auth import get_user_model

    model: UserModel = get_user_model()
    try:
        with aliases.rolled_back():
            found = _find(model, name)
    except DatabaseError as error:
        msg = f'The user "{name}" cannot be looked up: {one_line(error)}'
        raise UsageError(msg) from error
    if found is None:
        msg = f'There is no user "{name}": name one by {model.USERNAME_FIELD}, e-mail address or key'
        raise UsageError(msg)
    if not found.is_active:
        msg = f'The user "{name}" is not active, and cannot log in'
        raise UsageError(msg)
    return found


def _find(model: UserModel, name: str) -> User | None:
    names = {field.name for field in model._meta.get_fields()}
    fields = (model.USERNAME_FIELD, model.get_email_field_name(), "pk")
    for field in dict.fromkeys(fields):
        if field != "pk" and field not in names:
            continue
        try:
            found = model._default_manager.filter(**{field: name}).first()
        except (ValueError, ValidationError):
            # A name is no key, where keys are numbers.
            continue
        if found is not None:
            return found
    return None
