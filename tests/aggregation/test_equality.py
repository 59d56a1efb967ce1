"""For random rows, querysets, conditions and aggregates: each number is the one that Django finds for it alone."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import DatabaseError, connection, transaction
from django.db.models import Model, QuerySet
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

from quell.aggregation import Statistics
from quell.exceptions import UsageError
from tests.aggregation.drawing import Case, Chosen, cases, is_close, keys_of, querysets
from tests.planapp.models import Label, Sticker
from tests.planapp.shapes import SHAPES, fill

# It makes rows of each model.
SEED = 62

pytestmark = [pytest.mark.django_db, pytest.mark.databases]


@pytest.mark.parametrize("model", SHAPES)
def test_each_number_is_that_of_plain_django(model: type[Model]) -> None:
    """Numbers that are computed together equal those that are computed alone, over the rows of the queryset."""
    _check(model, querysets(model), _compare, examples=12)


@pytest.mark.parametrize("model", SHAPES)
def test_each_number_of_a_row_is_that_of_plain_django(model: type[Model]) -> None:
    """Annotated and batched numbers equal those that are computed alone, over each row of the queryset."""
    kinds = ("all", "filter", "exclude", "distinct", "sliced", "annotated")
    _check(model, querysets(model).filter(lambda item: item.kind in kinds), _compare_rows, examples=8)


def _check(
    model: type[Model],
    chosen: st.SearchStrategy[Chosen],
    compare: Callable[[type[Model], Any, list[Case]], None],
    *,
    examples: int,
) -> None:
    fill(SEED)
    ContentType.objects.get_for_models(Label, Sticker, *SHAPES, for_concrete_models=False)

    @settings(max_examples=examples, report_multiple_bugs=False, suppress_health_check=list(HealthCheck))
    @given(chosen=chosen, drawn=st.lists(cases(model), min_size=1, max_size=4))
    def check(chosen: Chosen, drawn: list[Case]) -> None:
        # On PostgreSQL an error ends the transaction, and Hypothesis goes on.
        with transaction.atomic():
            compare(model, chosen.queryset(), drawn)

    check()


def _compare_rows(model: type[Model], queryset: Any, drawn: list[Case]) -> None:
    names = [f"n{position}" for position in range(len(drawn))]
    try:
        with transaction.atomic():
            # Also where the queryset has no rows, as a subquery is planned for none as well.
            everything: list[Any] = keys_of(QuerySet(model))
            _ = [case.expected(model, everything) for case in drawn]
            expected = {
                key: [case.expected(model, [key]) for case in drawn] for key in keys_of(queryset.all())
            }
    except (DatabaseError, ValueError):
        reject()
    numbers = Statistics.of(model, **{name: case.aggregate for name, case in zip(names, drawn, strict=True)})
    try:
        annotated = numbers.annotate(queryset)
    except UsageError as error:
        # Django cannot name the columns of a composite key anew, which a condition inside of a subquery takes.
        assert "mixed types" in str(error)  # noqa: PT017 -- whatever else is refused is an error of the test
        reject()
    apart = [(row["pk"], [row[name] for name in names]) for row in annotated.values("pk", *names)]
    for rows in (annotated.all(), numbers.annotate(queryset, batched=True)):
        apart += [(row.pk, [getattr(row, name) for name in names]) for row in rows]
    for key, values in apart:
        for value, alone in zip(values, expected[key], strict=True):
            assert is_close(value, alone), f"{key}: {values} for {expected[key]}: {annotated.query}"


def _compare(model: type[Model], queryset: Any, drawn: list[Case]) -> None:
    try:
        with transaction.atomic():
            keys = keys_of(queryset)
            expected = [case.expected(model, keys) for case in drawn]
    except (DatabaseError, ValueError):
        # What plain Django cannot ask: PostgreSQL compares no text with a number, as some generic relations want,
        # and no subquery has the two columns of a composite key.
        reject()
    numbers = {f"n{position}": case.aggregate for position, case in enumerate(drawn)}
    with CaptureQueriesContext(connection) as captured:
        found = dict(Statistics.of(queryset, **numbers).fetch())

    assert len(captured) == 1
    for name, value in zip(numbers, expected, strict=True):
        assert is_close(found[name], value), f"{name}: {found[name]} for {value}: {captured[0]}"
