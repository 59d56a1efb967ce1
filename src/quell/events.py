"""Records of what happened while code ran: plain, frozen values without Django."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Literal

Operation = Literal["select", "insert", "update", "delete", "other"]
FetchKind = Literal["root", "lazy", "prefetch", "orphan"]
LoadKind = Literal["join", "prefetch"]
Builder = Literal["user", "template", "library"]
ServiceOutcome = Literal["committed", "joined", "rolled back"]
EffectKind = Literal["http", "mail", "task", "cache", "subprocess", "network", "sleep"]


@dataclass(frozen=True, slots=True)
class Location:
    """A line of user code or of a template."""

    file: str
    line: int
    function: str = ""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Span:
    """Lines of a file whose code ran, first and last included; all lines of a template that was rendered."""

    file: str
    first: int
    last: int
    is_template: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """
    What somebody chose not to hear of: codes and globs, of which an empty one matches everything.

    ``source`` names the pattern in messages: an entry of a setting, or the block of code that it belongs to.
    """

    codes: tuple[str, ...] = ()
    model: str = ""
    path: str = ""
    file: str = ""
    function: str = ""
    reason: str = ""
    source: str = ""


# Without slots, as a constructor that sets the fields of a frozen record one by one is most of what it costs to
# analyse a long scope: what many have in common is put into them at once.
@dataclass(frozen=True, kw_only=True)
class QueryEvent:
    """One statement that reached the database; ``row_count`` is -1 where the driver does not tell it."""

    sql: str
    alias: str
    duration_ms: float
    row_count: int
    operation: Operation
    trigger: Location | None
    many: bool
    start_ms: float = 0.0  # since the scope that saw it was opened
    call_path: int = 0  # number of the call path; equal for statements that one loop repeats
    is_in_user_loop: bool = False  # whether a loop of user code, and not only a library's, leads to it
    unit: int = 0  # number of the request that ran it; 0 outside of requests
    verb: str = (
        ""  # the method of the ORM that writes and of which it is a part: "save", "get_or_create", "add"
    )
    action: int = 0  # equal for statements that one instruction of the user's code leads to; 0 without any
    action_line: Location | None = None  # of that instruction
    loop_line: Location | None = None  # of the user's loop around it
    is_in_while: bool = False  # whether that loop goes on until something holds, rather than over things
    is_looped_by_library: bool = False  # whether a library's loop, and none of the user's, leads to it
    is_housekeeping: bool = False  # whether a framework asks for itself: sessions, permissions, content types
    # The part of it that no loop of the user's asks for: a session, a login, a content type, a check of a form.
    is_internal: bool = False
    params_hash: int = 0  # equal for equal parameters, which themselves are never kept
    value_hashes: tuple[int, ...] = ()  # of the parameters of a SELECT with a few of them; likewise
    fetch: int = 0  # number of the fetch that ran it; 0 where no queryset did
    ignored: tuple[Pattern, ...] = ()  # of the blocks of quell.ignore() that it ran in


@dataclass(frozen=True, kw_only=True)
class Fetch:
    """
    One evaluation of a queryset, and how it hangs on the fetch whose row asked for it.

    ``hops`` leads from the rows of ``parent`` to the rows of this fetch, and ``owner`` tells which row asked.
    ``variant`` is empty where the relation was read as it is, and else says what the call added to it. An orphan
    was asked for by a row of ``owner_model`` that no fetch of this process loaded. ``was_prefetched`` tells that the
    row that asked held the rows of the relation already.
    """

    number: int
    kind: FetchKind
    model: str
    parent: int = 0
    hops: tuple[str, ...] = ()
    owner: Hashable = None
    owner_model: str = ""
    owner_pk: Hashable = None
    is_single: bool = False
    can_join: bool = False
    is_deferred: bool = False
    is_locking: bool = False
    is_reloaded: bool = False  # asked for by a row loaded again, which forgot what its queryset loaded
    was_prefetched: bool = False
    method: str = ""
    variant: tuple[str, ...] = ()
    origin: Location | None = None
    built_by: Builder = "library"
    form_field: str = ""  # whose widget asked for the rows: its choices
    form_widget: str = ""  # the widget of an admin that asks only for the row that it shows the label of
    place: str = ""
    trigger: Location | None = None
    call_path: int = 0
    sql: str = ""
    alias: str = ""
    # What the queryset was like: joined to others by union() or the like, somebody's SQL, with a bare
    # select_related(), and what only() (False) or defer() (True) named.
    combinator: str = ""
    is_raw: bool = False
    is_bare_join: bool = False
    deferred: tuple[frozenset[str], bool] = (frozenset(), True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    """
    The tables of all models, by name.

    ``models`` has the label of each, ``views`` those whose rows come from elsewhere, ``parents`` the models whose
    rows are a part of a model's own, ``cascades`` what the database itself changes when rows are deleted, ``keys``
    the column of the primary key of each.
    """

    models: Mapping[str, str] = field(default_factory=dict)
    views: frozenset[str] = frozenset()
    parents: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    cascades: Mapping[str, frozenset[str]] = field(default_factory=dict)
    keys: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class EagerLoad:
    """
    One relation that a queryset loaded beforehand, by a join or a prefetch; only in a profile.

    ``fetch`` is that of the queryset that asked for it, and ``path`` the lookup from its rows. A lookup that was given
    to ``prefetch_related_objects()`` is by hand. ``statements`` are the fetches that ran for a prefetch.
    """

    fetch: int
    path: tuple[str, ...]
    by: LoadKind
    to_attr: str = ""
    model: str = ""  # whose rows hold the relation
    is_by_hand: bool = False
    is_bare: bool = False  # whether select_related() named no relation
    is_used: bool = False
    row_count: int = 0  # rows that hold the relation
    related_count: int = 0
    byte_count: int = 0
    statements: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnLoad:
    """
    One column that the rows of a fetch, behind ``hops`` of joins, hold and that could be left out; only in a profile.

    ``is_touched`` tells whether anything at all was read of the rows.
    """

    fetch: int
    hops: tuple[str, ...]
    name: str
    model: str
    is_wide: bool = False
    is_read: bool = False
    is_touched: bool = False
    row_count: int = 0
    byte_count: int = 0
    row_byte_count: int = 0  # of all columns of these rows


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionEvent:
    """
    A transaction from its begin to its end; one of a test case is none.

    ``opened_by`` is the name of its service, or what else opened it. ``statement_ms`` is the part of its duration in
    which the database worked.
    """

    alias: str
    opened_by: str
    opened_at: Location | None
    duration_ms: float = 0.0
    statement_ms: float = 0.0
    query_count: int = 0
    ignored: tuple[Pattern, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SideEffect:
    """
    What happened while a transaction was open, and stays when it is rolled back.

    ``name`` is that of the library that did it, never where it went. ``seconds`` is how long a sleep was to be.
    """

    kind: EffectKind
    name: str
    alias: str
    opened_by: str
    opened_at: Location | None
    trigger: Location | None
    seconds: float = 0.0
    ignored: tuple[Pattern, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """
    Everything that one scope saw, in order of execution.

    ``breaks`` are the positions of statements before which a rollback, a procedure or a request may have changed
    what the same statement returns.
    """

    queries: tuple[QueryEvent, ...] = ()
    fetches: tuple[Fetch, ...] = ()
    dropped_count: int = 0
    breaks: tuple[int, ...] = ()
    schema: Schema = Schema()
    eager_loads: tuple[EagerLoad, ...] = ()
    columns: tuple[ColumnLoad, ...] = ()
    effects: tuple[SideEffect, ...] = ()
    transactions: tuple[TransactionEvent, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceEvent:
    """
    One call of a service.

    A service that ``joined`` leaves its rows to the one around it. ``error`` is the name of the class of what it
    raised, and never its text, which may hold data.
    """

    service: str
    aliases: tuple[str, ...]
    tries: int
    duration_ms: float
    query_count: int
    outcome: ServiceOutcome
    error: str = ""
