"""For random rows and plans: what a plan loads is what plain Django loads."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction
from django.db.models import Model, Q
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from quell import FetchPlan, Limit
from quell.exceptions import PlanConflict, UsageError
from quell.introspection.relations import relation_names, walk
from quell.loading.correlating import is_other_side
from tests.planapp.models import Label, Sticker, Ticket
from tests.planapp.shapes import SHAPES, columns_of, fill, related

pytestmark = [pytest.mark.django_db, pytest.mark.databases]

_RESULTS = ("n", "e", "f", "l")


def _target(model: type[Model], path: str) -> type[Model] | None:
    return walk(model, path)[-1].target if path else model


@st.composite
def _paths(draw: st.DrawFn, model: type[Model], most: int = 3) -> str:
    """Draw relations that follow each other; behind a generic key nobody knows any."""
    path = ""
    for _ in range(draw(st.integers(1, most))):
        current = _target(model, path)
        names = relation_names(current) if current is not None else ()
        # The attribute that a GenericRelation leaves on the other model is no part of Django's API.
        names = tuple(name for name in names if current and not is_other_side(walk(current, name)[0]))
        if not names:
            break
        name = draw(st.sampled_from(names))
        path = f"{path}__{name}" if path else name
    assume(path)
    return path


@st.composite
def _columns(draw: st.DrawFn, model: type[Model]) -> str:
    path = draw(st.just("") | _paths(model, 2))
    current = _target(model, path)
    assume(current is not None)
    assert current is not None
    name = draw(st.sampled_from([*(field.name for field in current._meta.concrete_fields), "pk", "*"]))
    return f"{path}__{name}" if path else name


@st.composite
def _plans(draw: st.DrawFn, model: type[Model]) -> FetchPlan:
    """Draw a plan of any parts; one that means nothing, such as a join to many rows, is drawn again."""
    paths = st.lists(_paths(model), max_size=2)

    def single(name: str, values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
        return st.just({}) | values.map(lambda value: {name: value})

    try:
        plan = FetchPlan(
            *draw(st.lists(_paths(model), max_size=3)),
            join=draw(paths),
            separate=draw(paths),
            only=draw(st.none() | st.lists(_columns(model), min_size=1, max_size=4)),
            defer=draw(st.lists(_columns(model), max_size=2)) if draw(st.booleans()) else (),
            counts=draw(single("n", _paths(model, 2))),
            exists=draw(single("e", _paths(model, 2))),
            filters=draw(
                single("f", _paths(model, 2).map(lambda path: (path, Q(pk__isnull=False), ("-pk",))))
            ),
            limits=draw(single("l", _paths(model, 2).map(lambda path: Limit(path, 2, "-pk")))),
        )
        plan.apply(model._default_manager.all())
    except (UsageError, PlanConflict):
        assume(False)
        raise
    return plan


@contextmanager
def _rows(seed: int) -> Iterator[None]:
    with transaction.atomic():
        fill(seed)
        ContentType.objects.get_for_models(Label, Sticker, *SHAPES, for_concrete_models=False)
        yield
        transaction.set_rollback(True)


def _loaded_paths(plan: FetchPlan) -> tuple[str, ...]:
    return (*plan.paths, *plan.join, *plan.separate)


def _results(row: Any, plan: FetchPlan) -> list[object]:
    """Return what counts, exists, filters and limits hold, by attribute."""
    found: list[object] = [getattr(row, name) for name in (*plan.counts, *plan.exists)]
    specs = {name: spec[0] for name, spec in plan.filters.items()}
    specs |= {name: limit.path for name, limit in plan.limits.items()}
    for name, path in specs.items():
        way = path.rpartition("__")[0]
        holders = related(row, way) if way else [row]
        found += [
            [columns_of(item) for item in getattr(holder, name)] for holder in holders if holder is not None
        ]
    return found


def _expected(row: Any, plan: FetchPlan) -> list[object]:
    """Return the same, by the managers of plain rows."""

    def managers(path: str) -> list[Any]:
        way, _, name = path.rpartition("__")
        holders = related(row, way) if way else [row]
        return [getattr(holder, name) for holder in holders if holder is not None]

    def first(path: str) -> Any:
        return next(iter(managers(path)), None)

    found: list[object] = [item.count() if (item := first(path)) else 0 for path in plan.counts.values()]
    found += [item.exists() if (item := first(path)) else False for path in plan.exists.values()]
    for spec in plan.filters.values():
        found += [[columns_of(item) for item in manager.order_by("-pk")] for manager in managers(spec[0])]
    for limit in plan.limits.values():
        found += [
            [columns_of(item) for item in manager.order_by("-pk")[:2]] for manager in managers(limit.path)
        ]
    return found


def _is_to_many(model: type[Model], plan: FetchPlan) -> bool:
    """Tell whether filters are over to-many relations: a Prefetch puts no list on the attribute of a to-one."""
    return all(not walk(model, spec[0])[-1].hop.is_single for spec in plan.filters.values())


@pytest.mark.parametrize("model", SHAPES)
@settings(max_examples=12, suppress_health_check=list(HealthCheck))
@given(data=st.data(), seed=st.integers(0, 2**16))
def test_a_plan_loads_what_plain_django_loads(model: type[Model], data: st.DataObject, seed: int) -> None:
    """Rows, columns, related rows and results; relations that the plan names are loaded with the rows."""
    plan = data.draw(_plans(model))
    assume(_is_to_many(model, plan))
    paths = _loaded_paths(plan)
    with _rows(seed):
        plain = list(model._default_manager.order_by("pk"))
        with CaptureQueriesContext(connection) as captured:
            planned = list(plan.apply(model._default_manager.order_by("pk")))
            evaluated = len(captured)
            keys = [[row and row.pk for path in paths for row in related(item, path)] for item in planned]
            assert len(captured) == evaluated, [
                query["sql"] for query in captured.captured_queries[evaluated:]
            ]

        assert keys == [[row and row.pk for path in paths for row in related(item, path)] for item in plain]
        # Before columns are read that were left out: loading one drops the relation whose key is the primary key.
        assert [_results(row, plan) for row in planned] == [_expected(row, plan) for row in plain]
        assert _read(planned, paths) == _read(plain, paths)


def _read(rows: list[Model], paths: tuple[str, ...]) -> list[object]:
    return [
        (columns_of(row), [columns_of(found) for path in paths for found in related(row, path)])
        for row in rows
    ]


def test_the_shapes_are_those_that_plans_meet() -> None:
    """Each kind of relation starts somewhere."""
    kinds = Counter(walk(model, name)[0].hop.kind for model in SHAPES for name in relation_names(model))

    assert len(SHAPES) >= 15
    assert kinds.keys() == {
        "forward",
        "reverse_one",
        "reverse_many",
        "many_to_many",
        "generic",
        "generic_relation",
    }
    assert Ticket in SHAPES
