"""What a process holds, and whether that grows."""

import ctypes
import gc
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

# What every hundredth request might leave behind; a real leak leaves something behind with each.
MAX_PER_REQUEST = 0.01
# Threads, connections and caches come and go while a sample is taken.
MAX_OBJECTS = 300
# CPython keeps the names of up to 4,096 attributes that were looked up, among them texts made at run time.
MAX_BLOCKS = 5_000
MAX_RSS_RATIO = 1.03


@dataclass(frozen=True, slots=True)
class Sample:
    """
    What the process holds at one moment, after a collection.

    Attributes:
        requests: How many were answered until then.
        rss_mb: Resident memory; zero where the system does not tell.
        objects: Objects that the collector tracks.
        blocks: Blocks that Python has allocated, of any kind.
    """

    requests: int
    rss_mb: float
    objects: int
    blocks: int


def sample(requests: int) -> Sample:
    """Take a sample."""
    for _ in range(3):
        gc.collect()
    _trim()
    return Sample(requests, _rss_mb(), len(gc.get_objects()), sys.getallocatedblocks())


def _trim() -> None:
    """Give back what the allocator of C keeps for later, of which busy threads keep more: it is held by nobody."""
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except (AttributeError, OSError):
        # Only glibc has it.
        return


def _rss_mb() -> float:
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def has_grown(samples: Sequence[Sample], *, is_short: bool) -> bool:
    """Tell whether the process grew; in a short run resident memory says nothing yet."""
    first, last = samples[0], samples[-1]
    allowed = (last.requests - first.requests) * MAX_PER_REQUEST
    return (
        last.objects - first.objects > MAX_OBJECTS + allowed
        or last.blocks - first.blocks > MAX_BLOCKS + allowed
        or (not is_short and last.rss_mb > first.rss_mb * MAX_RSS_RATIO)
    )
