"""Operations that happen whole or not at all: transactions as separate verbs, each doing one thing."""

from quell.exceptions import (
    JoinNotPossible,
    NestedTransaction,
    OutcomeUnknown,
    PartlyCommitted,
    RetriesExhausted,
    RetryNotPossible,
    ServiceEnded,
    ServiceError,
    TransactionAborted,
    TransactionRequired,
    WriteForbidden,
)
from quell.services.decorating import Service, read_only, service
from quell.services.hooks import after_commit
from quell.services.locking import alock, alock_rows, lock, lock_rows
from quell.services.options import Retry
from quell.services.posting import aoutbox, outbox
from quell.services.verbs import Savepoint, savepoint, transaction_required

__all__ = [
    "JoinNotPossible",
    "NestedTransaction",
    "OutcomeUnknown",
    "PartlyCommitted",
    "RetriesExhausted",
    "Retry",
    "RetryNotPossible",
    "Savepoint",
    "Service",
    "ServiceEnded",
    "ServiceError",
    "TransactionAborted",
    "TransactionRequired",
    "WriteForbidden",
    "after_commit",
    "alock",
    "alock_rows",
    "aoutbox",
    "lock",
    "lock_rows",
    "outbox",
    "read_only",
    "savepoint",
    "service",
    "transaction_required",
]
