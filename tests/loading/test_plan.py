"""A plan as a value: equality, merging, moving, printing."""

import json
import pickle
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db.models import F, Q
from hypothesis import given
from hypothesis import strategies as st

from quell.exceptions import PlanConflict, UsageError
from quell.loading import FetchPlan, Limit

PATHS = st.lists(st.sampled_from(["a", "b", "c_set"]), min_size=1, max_size=3).map("__".join)
CONDITIONS = st.sampled_from(
    [
        Q(x=1),
        Q(x=1, y="it's"),
        ~Q(x__in=[1, 2]) | Q(y=F("z")),
        Q(d=date(2024, 1, 2)),
        Q(d__range=(datetime(2024, 1, 2, 3, tzinfo=UTC), None), n=Decimal("1.50")),
    ]
)
# A name stands for one thing only, so that merging never conflicts.
COUNTS = st.dictionaries(st.sampled_from(["n_a", "n_b"]), st.just("a"))
EXISTS = st.dictionaries(st.sampled_from(["e_a", "e_b"]), st.just("b"))
FILTERS = st.dictionaries(st.sampled_from(["f_a", "f_b"]), st.just(("a__b", Q(x=1) | ~Q(y=2), ("-x",))))
LIMITS = st.dictionaries(
    st.sampled_from(["l_a", "l_b"]), st.just(Limit("a__b", 3, "-x", plan=FetchPlan("c", only=("y", "c__z"))))
)
COLUMNS = st.lists(
    st.tuples(st.lists(PATHS, max_size=1), st.sampled_from(["x", "y", "*"])).map(
        lambda parts: "__".join([*parts[0], parts[1]])
    ),
    min_size=1,
    max_size=4,
)


@st.composite
def plans(draw: st.DrawFn, *, is_movable: bool = False) -> FetchPlan:
    """Draw a plan; a movable one has neither counts nor exists."""
    return FetchPlan(
        *draw(st.lists(PATHS, max_size=3)),
        join=draw(st.lists(PATHS.map(lambda path: f"j__{path}"), max_size=2)),
        separate=draw(st.lists(PATHS.map(lambda path: f"s__{path}"), max_size=2)),
        only=draw(st.none() | COLUMNS),
        counts={} if is_movable else draw(COUNTS),
        exists={} if is_movable else draw(EXISTS),
        filters=draw(FILTERS),
        limits=draw(LIMITS),
        defer=draw(st.lists(PATHS, max_size=2)),
    )


@given(plans(), plans(), plans())
def test_merge_is_a_semilattice(one: FetchPlan, two: FetchPlan, three: FetchPlan) -> None:
    """Merging is associative, commutative and idempotent, and an empty plan adds nothing."""
    assert (one | two) | three == one | (two | three)
    assert one | two == two | one
    assert one | one == one
    assert one | FetchPlan() == one
    assert hash(one | two) == hash(two | one)


@given(plans(is_movable=True), plans(is_movable=True), PATHS, PATHS)
def test_under_distributes_over_merge(one: FetchPlan, two: FetchPlan, outer: str, inner: str) -> None:
    """Moving merged plans is merging moved ones, and moving twice is moving by both paths."""
    assert (one | two).under(outer) == one.under(outer) | two.under(outer)
    assert one.under(inner).under(outer) == one.under(f"{outer}__{inner}")


@given(plans(), CONDITIONS)
def test_repr_is_the_code_of_an_equal_plan(plan: FetchPlan, condition: Q) -> None:
    """What is printed can be pasted."""
    plan |= FetchPlan(filters={"more": ("c", condition)})
    names = {
        "FetchPlan": FetchPlan,
        "Limit": Limit,
        "Q": Q,
        "F": F,
        "datetime": __import__("datetime"),
        "Decimal": Decimal,
    }

    assert eval(repr(plan), names) == plan


@given(plans(), CONDITIONS)
def test_data_is_that_of_an_equal_plan(plan: FetchPlan, condition: Q) -> None:
    """What is written as JSON is read as the plan that it was."""
    plan |= FetchPlan(filters={"more": ("c", condition)})

    assert FetchPlan.from_data(json.loads(json.dumps(plan.as_data()))) == plan


def test_data_is_what_the_plan_holds() -> None:
    """Empty parts are left out."""
    plan = FetchPlan("a", only=("x",), limits={"first": Limit("b", 3, plan=FetchPlan("c"))})

    assert FetchPlan().as_data() == {}
    assert plan.as_data() == {
        "paths": ["a"],
        "only": ["a__*", "x"],
        "limits": {"first": {"path": "b", "count": 3, "plan": {"paths": ["c"]}}},
    }


@pytest.mark.parametrize(
    "data",
    [
        {"path": ["a"]},
        {"filters": {"n": {}}},
        {"filters": 3},
        {"limits": {"n": {"path": "a"}}},
        {"paths": ["a.b"]},
    ],
)
def test_data_of_another_form_is_refused(data: dict[str, object]) -> None:
    """The message shows it."""
    with pytest.raises(UsageError):
        FetchPlan.from_data(data)


def test_data_refuses_values_without_a_plain_form() -> None:
    """A subquery is code."""
    with pytest.raises(UsageError, match="has no form as data"):
        FetchPlan(filters={"n": ("a", Q(x=object()))}).as_data()


def test_repr_is_written_as_people_write_it() -> None:
    """Double quotes, and only what is there."""
    assert repr(FetchPlan("comments__author", join=("customer",))) == (
        'FetchPlan("comments__author", join=("customer",))'
    )
    assert repr(FetchPlan()) == "FetchPlan()"


def test_equality_ignores_the_order_of_paths() -> None:
    """A plan is what it loads, not how it was written."""
    assert FetchPlan("a", "b") == FetchPlan("b", "a", "a")
    assert FetchPlan("a", "a__b") == FetchPlan("a__b")
    assert FetchPlan("a") != FetchPlan(separate=("a",))
    assert len({FetchPlan("a", "b"), FetchPlan("b", "a")}) == 1


def test_bool_tells_whether_a_plan_loads_anything() -> None:
    """Only a plan without any part is false."""
    assert not FetchPlan()
    assert FetchPlan("a")
    assert FetchPlan(counts={"n": "a"})


def test_plan_is_frozen_and_pickles() -> None:
    """A plan is a value."""
    plan = FetchPlan("a", filters={"f": ("b", Q(x=1))})

    with pytest.raises(AttributeError):
        plan.paths = ()  # type: ignore[misc]  # that is what the test is about
    assert pickle.loads(pickle.dumps(plan)) == plan
    with pytest.raises(TypeError):
        plan.counts["n"] = "a"  # type: ignore[index]  # that is what the test is about


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"counts": {"n": "a"}}, {"counts": {"n": "b"}}),
        ({"counts": {"n": "a"}}, {"exists": {"n": "a"}}),
        ({"filters": {"n": ("a", Q(x=1))}}, {"filters": {"n": ("a", Q(x=2))}}),
        ({"filters": {"n": ("a", Q(x=1))}}, {"counts": {"n": "a"}}),
        ({"limits": {"n": Limit("a", 1)}}, {"limits": {"n": Limit("a", 2)}}),
        ({"limits": {"n": Limit("a", 1)}}, {"counts": {"n": "a"}}),
        ({"join": ("a",)}, {"separate": ("a",)}),
    ],
)
def test_merge_refuses_a_name_with_two_meanings(one: dict[str, Any], other: dict[str, Any]) -> None:
    """The message names what conflicts."""
    with pytest.raises(PlanConflict, match=r'"[na]"'):
        FetchPlan(**one) | FetchPlan(**other)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"join": "customer"}, r'write join=\("customer",\)'),
        ({"join": ("a.b",)}, "no lookup path"),
        ({"separate": ("",)}, "no lookup path"),
        ({"counts": {"a__b": "c"}}, "cannot be the name"),
        ({"counts": {"n": 3}}, "no lookup path"),
        ({"filters": {"n": ("a",)}}, r'filters\["n"\]'),
        ({"filters": {"n": ("a", {"x": 1})}}, r'filters\["n"\]'),
        ({"filters": {"n": ("a", Q(), "-x")}}, r'filters\["n"\]'),
        ({"limits": {"n": ("a", 3)}}, r'limits\["n"\]'),
        ({"only": "subject"}, r'write only=\("subject",\)'),
        ({"only": ()}, "names no column"),
        ({"only": ("a.b",)}, "no column path"),
        ({"only": ("a__",)}, "no column path"),
    ],
)
def test_plan_refuses_what_it_cannot_mean(arguments: dict[str, Any], message: str) -> None:
    """The message says what to write."""
    with pytest.raises(UsageError, match=message):
        FetchPlan(**arguments)


def test_merge_loads_the_columns_of_either() -> None:
    """A plan that loads everything of a relation keeps doing so, whatever the other one names."""
    assert (FetchPlan(only=("a",)) | FetchPlan(only=("b",))).only == ("a", "b")
    assert (FetchPlan(only=("a",)) | FetchPlan(only=("*",))).only == ("*",)
    assert (FetchPlan(only=("a",)) | FetchPlan("c")).only is None
    assert (FetchPlan(only=("a",)) | FetchPlan(counts={"n": "c"})).only == ("a",)
    assert (FetchPlan("c", only=("a",)) | FetchPlan(only=("c__b",))).only == ("a", "c__*")
    assert (FetchPlan(only=("a",)) | FetchPlan(only=("b",)).under("c")).only == ("a", "c__b")


def test_a_column_of_a_relation_loads_the_relation() -> None:
    """Whoever names it wants to read it."""
    assert FetchPlan(only=("a", "c__b")) == FetchPlan("c", only=("a", "c__b"))
    assert FetchPlan(separate=("c",), only=("c__b",)).paths == ()


@pytest.mark.parametrize("arguments", [("a.b", 3), ("a", 0), ("a", True), ("a", "3"), ("a", 3, 4)])
def test_limit_refuses_what_it_cannot_mean(arguments: tuple[Any, ...]) -> None:
    """A path, a number, and names."""
    with pytest.raises(UsageError, match="Limit"):
        Limit(*arguments)


def test_under_refuses_counts() -> None:
    """A count is a column of the rows of the root."""
    with pytest.raises(UsageError, match="cannot move n"):
        FetchPlan(counts={"n": "a"}).under("b")
