"""Every rule over one recording."""

from quell.analysis import (
    defeated_prefetch,
    duplicate_query,
    long_transaction,
    n_plus_one,
    query_in_loop,
    side_effect_in_transaction,
    split_statistics,
    unused_columns,
    unused_eager_load,
    write_in_loop,
)
from quell.analysis.families import group
from quell.events import Recording
from quell.findings import Finding


def find_all(
    recording: Recording, *, rows: int, loops: int, wide_share: float, limit_ms: float
) -> tuple[Finding, ...]:
    """
    Return what all rules find, most saved queries first.

    Args:
        recording: What one scope saw.
        rows: Distinct instances of one root that make an N+1, at least 2.
        loops: Repeats of one statement by one path that make a loop, at least 2.
        wide_share: Part of a row's bytes beyond which any column is wide.
        limit_ms: Milliseconds from which on a transaction is long.
    """
    families = group(recording.fetches)
    # What goes first has the say; a repeat is what no other rule explains.
    found = (
        *n_plus_one.find(recording, threshold=rows, loop_threshold=loops, families=families),
        *defeated_prefetch.find(recording, threshold=rows, loop_threshold=loops, families=families),
        *query_in_loop.find(recording, threshold=loops),
    )
    found += write_in_loop.find(recording, threshold=loops)
    found += (
        *split_statistics.find(recording, others=found, families=families),
        *duplicate_query.find(recording, others=found, families=families),
        *unused_eager_load.find(recording, threshold=rows),
        *unused_columns.find(recording, threshold=rows, share=wide_share),
        *side_effect_in_transaction.find(recording),
        *long_transaction.find(recording, limit_ms=limit_ms),
    )
    return tuple(sorted(found, key=lambda finding: -finding.saved_queries))
