"""For random rows, querysets, conditions and aggregates: each number is the one that Django finds for it alone."""

from typing import Any

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import DatabaseError, connection, transaction
from django.db.models import Model
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

from quell.aggregation import Statistics
from tests.aggregation.drawing import Case, cases, is_close, keys_of, querysets
from tests.planapp.models import Label, Sticker
from tests.planapp.shapes import SHAPES, fill

# It makes rows of each model.
SEED = 62

pytestmark = [pytest.mark.django_db, pytest.mark.databases]


@pytest.mark.parametrize("model", SHAPES)
def test_each_number_is_that_of_plain_django(model: type[Model]) -> None:
    """Numbers that are computed together equal those that are computed alone, over the rows of the queryset."""
    fill(SEED)
    ContentType.objects.get_for_models(Label, Sticker, *SHAPES, for_concrete_models=False)

    @settings(max_examples=12, report_multiple_bugs=False, suppress_health_check=list(HealthCheck))
    @given(data=st.data())
    def check(data: st.DataObject) -> None:
        queryset = data.draw(querysets(model)).queryset()
        drawn = data.draw(st.lists(cases(model), min_size=1, max_size=4))
        # On PostgreSQL an error ends the transaction, and Hypothesis goes on.
        with transaction.atomic():
            _compare(model, queryset, drawn)

    check()


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
