"""Numbers declared by class or made at hand, fetched by one statement."""

from collections.abc import Iterable, Iterator
from datetime import date, tzinfo
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from asgiref.sync import sync_to_async
from django.db import connections
from django.db.models import Manager, Model, QuerySet

from quell.aggregation.attaching import attach_by_alias
from quell.aggregation.declaring import Declaration, check_number_name
from quell.aggregation.explaining import Explanation, subclasses_of
from quell.aggregation.explaining import explain as describe
from quell.aggregation.facts import ask_costs
from quell.aggregation.fetching import fetch_all
from quell.aggregation.grouping import Grouped, grouped
from quell.aggregation.keys import read_sets
from quell.aggregation.objects import annotate
from quell.aggregation.picks import Pick
from quell.aggregation.ratios import Ratio
from quell.aggregation.results import Collected, Named
from quell.aggregation.rows import read_rows
from quell.aggregation.series import Series, Step, series
from quell.aggregation.unions import statement_of
from quell.exceptions import UsageError

if TYPE_CHECKING:
    from typing import Self

_S = TypeVar("_S", bound="Statistics")


class Statistics:
    """
    Numbers over the rows of a queryset, in one statement.

    Class attributes are aggregates as ``aggregate()`` takes them, ``class Meta: model`` says of what. A subclass
    inherits both. ``fetch()`` returns an object of the same class whose attributes are the values; they are also keys.

    Args:
        queryset: The rows, each of which counts once; all rows of the default manager if it is left out.

    Raises:
        UsageError: If the queryset is one of another model, or no queryset.

    Cost: one statement for ``fetch()``, none for anything else.
    """

    _declaration: ClassVar[Declaration | None] = None
    _values: dict[str, Any] | None = None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        inherited = cls._declaration
        expressions = dict(inherited.expressions) if inherited else {}
        for name, value in list(vars(cls).items()):
            if isinstance(value, Ratio | Pick) or hasattr(value, "resolve_expression"):
                check_number_name(cls.__qualname__, name)
                expressions[name] = value
                setattr(cls, name, Named(name, value))
            elif name in expressions:
                del expressions[name]
        model = getattr(vars(cls).get("Meta"), "model", None) or (inherited and inherited.model)
        if model is None and not expressions:
            return
        if not (isinstance(model, type) and issubclass(model, Model)):
            msg = f"{cls.__qualname__} has no model; write `class Meta: model = Ticket` into it"
            raise UsageError(msg)
        cls._declaration = Declaration(model, expressions)

    def __init__(self, queryset: "QuerySet[Any, Any] | Manager[Any] | None" = None) -> None:
        declaration = self.declaration()
        rows: object = declaration.model._default_manager if queryset is None else queryset
        queryset = rows.all() if isinstance(rows, Manager) else queryset
        if not isinstance(queryset, QuerySet):
            msg = f"{type(self).__qualname__}() takes a queryset of {declaration.model._meta.label}, not {queryset!r}"
            raise UsageError(msg)
        if queryset.model._meta.concrete_model is not declaration.model._meta.concrete_model:
            msg = (
                f"{type(self).__qualname__} is about {declaration.model._meta.label}, and the queryset is one of "
                f"{queryset.model._meta.label}"
            )
            raise UsageError(msg)
        self.queryset = queryset

    @classmethod
    def of(cls, rows: "QuerySet[Any, Any] | Manager[Any] | type[Model]", /, **numbers: Any) -> "AtHand":
        """Return statistics at hand: ``Statistics.of(Ticket.objects.all(), total=Count("pk"))``."""
        queryset = rows._default_manager.all() if isinstance(rows, type) else rows.all()
        namespace = {**numbers, "Meta": type("Meta", (), {"model": queryset.model})}
        made: type[AtHand] = type(f"{queryset.model.__name__}Statistics", (AtHand, cls), namespace)
        return made(queryset)

    @classmethod
    def declaration(cls) -> Declaration:
        """
        Return what the class declares.

        Raises:
            UsageError: If it declares nothing.
        """
        if cls._declaration is None:
            msg = (
                f"{cls.__qualname__} declares no numbers; subclass it, or write "
                'Statistics.of(queryset, total=Count("pk"))'
            )
            raise UsageError(msg)
        return cls._declaration

    def fetch(self) -> "Self":
        """Run one statement, and return the values."""
        connection = connections[self.queryset.db]
        rows = read_rows(self.queryset, connection)
        return self.with_values(fetch_all(connection, [(self.declaration(), rows)])[0])

    async def afetch(self) -> "Self":
        """Do as ``fetch()`` in async code."""
        return await sync_to_async(self.fetch)()

    def by(
        self,
        *names: str,
        totals: bool = False,
        cube: bool = False,
        sets: "Iterable[str | Iterable[str]]" = (),
        fill: bool = True,
        **expressions: Any,
    ) -> Grouped:
        """
        Return the same numbers for each group of rows; ``fetch()`` them.

        Args:
            names: Fields, also of to-one relations, or annotations of the queryset.
            totals: Also fetch the numbers of each prefix of the names, and of all rows.
            cube: Also fetch those of each part of the names, and of all rows.
            sets: Further groupings, each a name or several, ``()`` for all rows; ``of()`` of the result has them.
            fill: Where all names of a grouping have choices or are booleans, groups without rows are there, too.
            expressions: Further things to group by, by name: ``by(month=TruncMonth("created_at"))``.

        Raises:
            UsageError: If there is nothing to group by, or a relation with several rows is on the way.

        Cost: one statement.
        """
        return grouped(
            self.declaration(),
            self.queryset,
            (names, expressions),
            read_sets(sets),
            totals=totals,
            cube=cube,
            fill=fill,
        )

    def over(self, name: str, *, every: Step, since: date, until: date, tz: tzinfo | None = None) -> Series:
        """
        Return the same numbers for each step of time; ``fetch()`` them.

        Args:
            name: A field that holds a date or a time.
            every: The length of a step; weeks begin on Monday.
            since: The first moment, or its day.
            until: The first moment, or day, that does not count any more.
            tz: The zone whose days are meant; the current one if it is left out.

        Returns:
            A bucket for each step, also for those without rows, in order.

        Raises:
            UsageError: If the field holds no time, the step is unknown, there are more than 10,000, or the queryset
                is sliced.

        Cost: one statement.
        """
        return series(self.declaration(), self.queryset, name, every, since=since, until=until, tz=tz)

    @classmethod
    def annotate(cls, queryset: "QuerySet[Any, Any]", *, batched: bool = False) -> "QuerySet[Any, Any]":
        """
        Return a queryset whose rows have the numbers, each over what belongs to that row.

        Args:
            queryset: Rows of the model.
            batched: Look the numbers up once the rows are there, in one statement for each 2,000 of them, instead of
                in subqueries; nothing can be filtered or ordered by them then.

        Raises:
            UsageError: If the queryset is one of another model or returns no instances, a number has the name of a
                field, or a ratio is not batched.
        """
        return annotate(cls(queryset).queryset, cls.declaration(), batched=batched)

    @classmethod
    def attach(cls, rows: "Iterable[Model]") -> None:
        """
        Give rows that are loaded the numbers as attributes, such as those of a page.

        Raises:
            UsageError: If a row is none of the model or was never saved, or a number has the name of a field.

        Cost: one statement for 2,000 rows of one database.
        """
        attach_by_alias(cls.declaration(), rows)

    def explain(self) -> Explanation:
        """
        Ask the database for the cost of each number, and plan all later statements of this shape by the answers.

        A shape is the SQL of the queryset without its parameters. Call it where a process starts, or by hand; the
        answers are kept as long as the process lives.

        Returns:
            Which numbers share a pass, why, and which index would help.

        Cost: a few statements on a connection of its own: EXPLAIN, and on SQLite counts by index. A database in memory
            has no second connection, and is not asked.
        """
        connection: Any = connections[self.queryset.db]
        declaration, rows = self.declaration(), read_rows(self.queryset, connection)
        if not (connection.vendor == "sqlite" and connection.is_in_memory_db()):
            declaration.learn(rows, ask_costs(rows, declaration.asked(rows).columns))
        costs = declaration.costs(rows, connection)
        sql, _ = statement_of(declaration.plan(rows, connection), connection, rows.params)
        return describe(declaration.asked(rows), declaration.parts(rows, connection), rows, costs, sql)

    @classmethod
    def explain_all(cls) -> "dict[type[Statistics], Explanation]":
        """
        Explain every subclass that has been declared, over all rows of its model; for where a process starts.

        Cost: that of ``explain()`` for each.
        """
        # One that inherits from two others is below both.
        written = dict.fromkeys(found for found in subclasses_of(cls) if not issubclass(found, AtHand))
        return {found: found().explain() for found in written if found._declaration is not None}

    def keys(self) -> tuple[str, ...]:
        """Return the names of the numbers, so that ``dict()`` takes a result."""
        return tuple(self.declaration().expressions)

    def with_values(self, values: dict[str, Any]) -> "Self":
        """Return a result with certain values by name, such as those of another source in a test."""
        return _restore(type(self), values)

    def __getitem__(self, name: str) -> Any:
        if self._values is None:
            msg = f"{type(self).__qualname__} has no values before fetch(), which returns them"
            raise UsageError(msg)
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())

    def __len__(self) -> int:
        return len(self.keys())

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Statistics) or self._values is None:
            return self is other
        return type(self) is type(other) and self._values == other._values

    def __hash__(self) -> int:
        return id(self) if self._values is None else hash(tuple(self._values))

    def __repr__(self) -> str:
        values = self._values
        inner = "" if values is None else ", ".join(f"{name}={value!r}" for name, value in values.items())
        return f"<{type(self).__qualname__}: {inner or 'not fetched'}>"

    def __reduce__(self) -> tuple[Any, ...]:
        if self._values is None:
            return type(self), (self.queryset,)
        return _restore, (type(self), self._values)

    def __setattr__(self, name: str, value: object) -> None:
        if getattr(self, "_values", None) is not None:
            msg = f"{type(self).__qualname__} is a result, and frozen"
            raise AttributeError(msg)
        object.__setattr__(self, name, value)


class AtHand(Statistics):
    """Statistics that ``of()`` made, whose names no type checker knows."""

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...

    def __reduce__(self) -> tuple[Any, ...]:
        # The class has no name that could be found again, so values come back as a mapping with attributes.
        return super().__reduce__() if self._values is None else (Collected, (self._values,))


def _restore(cls: type[_S], values: dict[str, Any]) -> _S:
    result = object.__new__(cls)
    # Without the queryset: a result is values.
    object.__setattr__(result, "_values", dict(values))
    return result
