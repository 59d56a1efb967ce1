"""What the methods of managers and querysets return, by name."""

from django.db.models import Manager, Model, QuerySet

# They return a queryset whose rows are instances of its model.
QUERYSET_METHODS = frozenset(
    {"all", "filter", "exclude", "order_by", "reverse", "distinct", "select_related", "prefetch_related"}
    | {"only", "defer", "annotate", "alias", "extra", "using", "select_for_update", "complex_filter", "none"}
    | {"get_queryset", "fetch_mode", "db_manager"}
)
PLAIN_MANAGERS = frozenset({"_default_manager", "_base_manager"})


def is_own_method(model: type[Model], name: str) -> bool:
    """
    Tell whether the project wrote a method of the managers of a model, which most of them use to choose rows.

    What Django's managers have, and returns no queryset, ends a chain.
    """
    for manager in model._meta.managers:
        function = getattr(manager, name, None)
        if callable(function) and not hasattr(Manager, name) and not hasattr(QuerySet, name):
            return True
    return False


def accessor_names(model: type[Model]) -> frozenset[str]:
    """Return the attributes of other models that are managers of rows of this one."""
    found = set()
    for field in model._meta.get_fields(include_hidden=True):
        remote = getattr(field, "remote_field", None)
        if not field.is_relation or remote is None:
            continue
        is_reverse = field.auto_created and not field.concrete
        name = remote.name if is_reverse else remote.get_accessor_name()
        if name:
            found.add(str(name))
    return frozenset(found)
