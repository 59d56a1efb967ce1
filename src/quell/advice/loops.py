"""What to write before a loop that runs the same SELECT again and again."""

from quell.events import Fetch


def loop_code(fetch: Fetch | None) -> str:
    """Return one query for what a loop asks one by one."""
    if fetch is None:
        return "Run one query before the loop, and look the rows up in its result."
    name = fetch.model.rpartition(".")[2]
    if fetch.form_field and fetch.method in {"", "iterator"}:
        # All forms of a formset copy the field, and with it choices that are a list.
        return f'field.choices = list(field.choices) where the field "{fetch.form_field}" is made'
    if fetch.method == "get":
        return f"{name}.objects.in_bulk(...) before the loop"
    if fetch.method in {"count", "exists", "aggregate"}:
        return f"one {name}.objects.values(...).annotate(...) before the loop"
    return f"one {name}.objects.filter(...__in=...) before the loop"
