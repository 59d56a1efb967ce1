"""SQL text to fingerprint, masked text, operation and tables: pure functions without Django."""

from quell.sqltext.commenting import append_comment, comment_of
from quell.sqltext.fingerprint import fingerprint, mask
from quell.sqltext.operation import is_transaction_control, operation
from quell.sqltext.repeatable import is_repeatable
from quell.sqltext.tables import tables

__all__ = [
    "append_comment",
    "comment_of",
    "fingerprint",
    "is_repeatable",
    "is_transaction_control",
    "mask",
    "operation",
    "tables",
]
