"""Folds findings into the project's database, from a thread and by a connection of its own."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from time import monotonic

from django.db import Error, IntegrityError, connections, router, transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Greatest, Least
from django.utils.timezone import now

from quell.store.findings import FindingTrend, FoldedBatch, StoredFinding
from quell.store.folding import Batch, StoreUnavailableError
from quell.store.totals import (
    DAYS_KEPT_SECONDS,
    HOUR_SECONDS,
    HOURS_KEPT_SECONDS,
    Facts,
    Folded,
    Total,
    days_of,
)

_TURN = "put"  # the number of no batch: who holds the lock of this row may put
_Numbers = Mapping[int, tuple[int, int]]


class _IsFoldedError(Exception):
    """The batch is there already; the transaction has nothing to do."""


class DatabaseStore:
    """
    Folds into ``StoredFinding`` and ``FindingTrend``; routers choose the database.

    Cost: one transaction per batch, of five to eight statements per finding.
    """

    def __init__(self) -> None:
        self._cleared_at = float("-inf")

    def fold(self, batch: Batch) -> None:
        """
        Add a batch, once.

        Raises:
            StoreUnavailableError: If the database refuses.
        """
        alias = router.db_for_write(StoredFinding)
        # That of this thread, which no request uses.
        connection = connections[alias]
        try:
            with transaction.atomic(using=alias):
                self._fold(batch, alias)
        except _IsFoldedError:
            pass
        except Error as error:
            connection.close()
            raise StoreUnavailableError(type(error).__name__) from error
        connection.close_if_unusable_or_obsolete()

    def _fold(self, batch: Batch, alias: str) -> None:
        try:
            # A write comes first: SQLite refuses at once to let a transaction write that has read before another did.
            FoldedBatch.objects.using(alias).create(number=batch.number, folded_at=now())
        except IntegrityError as error:
            raise _IsFoldedError from error
        # In one order, so that two processes never wait for each other.
        for total in sorted(batch.totals, key=lambda item: item.facts.key):
            _add(total, alias)
        if monotonic() - self._cleared_at > HOUR_SECONDS:
            clear(alias)
            self._cleared_at = monotonic()


def clear(alias: str) -> None:
    """Delete numbers that are too old to be shown."""
    trend = FindingTrend.objects.using(alias)
    trend.filter(step="hour", start__lt=now() - timedelta(seconds=HOURS_KEPT_SECONDS)).delete()
    trend.filter(step="day", start__lt=now() - timedelta(seconds=DAYS_KEPT_SECONDS)).delete()
    FoldedBatch.objects.using(alias).filter(folded_at__lt=now() - timedelta(days=1)).exclude(
        number=_TURN
    ).delete()


def _add(total: Total, alias: str) -> None:
    first, last = moment(total.first_seen), moment(total.last_seen)
    row = _row(total.facts, first, last, total.release, alias)
    row.update(
        **_texts(total.facts),
        request_count=F("request_count") + total.requests,
        query_count=F("query_count") + total.queries,
        saved_count=F("saved_count") + total.saved,
        worst_count=Greatest("worst_count", total.worst),
        first_seen=Least("first_seen", first),
        last_seen=Greatest("last_seen", last),
        last_release=_cut("last_release", total.release),
    )
    pk = row.values_list("pk", flat=True).get()
    for step, numbers in (("hour", total.hours), ("day", days_of(total.hours))):
        for start, (requests, saved) in numbers.items():
            bucket = _bucket(pk, step, start, alias)
            bucket.update(request_count=F("request_count") + requests, saved_count=F("saved_count") + saved)


def put(found: Iterable[Folded]) -> int:
    """
    Let the tables say what another store says, whatever they said before; return the number of findings.

    Cost: one transaction, of five statements per finding and two per hour and day of it.
    """
    alias = router.db_for_write(StoredFinding)
    turns = FoldedBatch.objects.using(alias).filter(number=_TURN)
    if not turns.exists():
        FoldedBatch.objects.using(alias).bulk_create(
            [FoldedBatch(number=_TURN, folded_at=now())], ignore_conflicts=True
        )
    count = 0
    with transaction.atomic(using=alias):
        # First, as two runs may meet: the other one waits here for the lock of this row. Where they would meet later,
        # MariaDB gives both a shared lock of an index, and ends one of them when they ask for more.
        turns.update(folded_at=now())
        clear(alias)
        for folded in sorted(found, key=lambda item: item.total.facts.key):
            total = folded.total
            first, last = moment(total.first_seen), moment(total.last_seen)
            row = _row(total.facts, first, last, folded.first_release, alias)
            row.update(
                **_texts(total.facts),
                request_count=total.requests,
                query_count=total.queries,
                saved_count=total.saved,
                worst_count=total.worst,
                first_seen=first,
                last_seen=last,
                first_release=_cut("first_release", folded.first_release),
                last_release=_cut("last_release", total.release),
            )
            _put_trend(row.values_list("pk", flat=True).get(), folded, alias)
            count += 1
    return count


def _put_trend(pk: int, folded: Folded, alias: str) -> None:
    for step, numbers in (("hour", folded.total.hours), ("day", folded.days)):
        for start, (requests, saved) in numbers.items():
            _bucket(pk, step, start, alias).update(request_count=requests, saved_count=saved)


def _row(
    facts: Facts, first: datetime, last: datetime, release: str, alias: str
) -> QuerySet[StoredFinding, StoredFinding]:
    """Return the row of a finding, made where there is none; locked until the transaction ends by what changes it."""
    rows = StoredFinding.objects.using(alias)
    found = rows.filter(key=facts.key)
    if not found.exists():
        made = StoredFinding(
            key=facts.key,
            first_seen=first,
            last_seen=last,
            first_release=_cut("first_release", release),
            **_texts(facts),
        )
        rows.bulk_create([made], ignore_conflicts=True)
    return found


def _bucket(pk: int, step: str, start: int, alias: str) -> QuerySet[FindingTrend, FindingTrend]:
    rows = FindingTrend.objects.using(alias)
    found = rows.filter(finding_id=pk, step=step, start=moment(start))
    if not found.exists():
        rows.bulk_create([FindingTrend(finding_id=pk, step=step, start=moment(start))], ignore_conflicts=True)
    return found


def _texts(facts: Facts) -> dict[str, str]:
    """Return the columns of the facts, cut to what the columns hold."""
    names = (
        "fingerprint", "endpoint", "code", "kind", "level", "model", "path", "origin", "function", "anchor",
        "trigger", "place", "suggestion", "message",
    )  # fmt: skip
    return {name: _cut(name, getattr(facts, name)) for name in names}


def _cut(name: str, text: str) -> str:
    """Return what a column holds of a text: no NUL, nothing of a file name that is no Unicode, and not too much."""
    # A batch that a database refuses for one text would be tried again for ever, and hold up all others.
    held = text.encode(errors="replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")
    return held[: getattr(StoredFinding._meta.get_field(name), "max_length", None)]


def moment(seconds: int) -> datetime:
    """Return a time as the project's database takes it."""
    from django.conf import settings

    aware = datetime.fromtimestamp(seconds, UTC)
    return aware if settings.USE_TZ else aware.astimezone().replace(tzinfo=None)
