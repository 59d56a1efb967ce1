"""What ``pytest --quell-record`` keeps over the tests of a run."""

import re
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from quell.exceptions import UsageError
from quell.loading.recorded.entries import Recorded
from quell.loading.recorded.files import EMPTY, data_of, read_data
from quell.loading.recorded.keeping import check, keep
from quell.loading.recorded.origins import Origin
from quell.recording import Recorder

_WORKER = "quell_recorded"
# What a test builds itself is no code under test.
_TESTS = re.compile(r"(^|[./])(tests?|conftest|factories|test_\w+|\w+_tests?)([./:]|$)")


class Recording:
    """
    A recording over the tests of a run.

    Args:
        file: The file of plans.
        is_checking: Whether to compare with it instead of adding to it.
        is_anew: Whether what this run does not use is to be forgotten, or is drift.
    """

    def __init__(self, file: Path, *, is_checking: bool, is_anew: bool) -> None:
        self._file = file
        self._is_checking = is_checking
        self._is_anew = is_anew
        self._recorder = Recorder()
        self.lines: tuple[str, ...] = ()

    @contextmanager
    def test(self) -> Iterator[None]:
        """Record one test."""
        with self._recorder.block():
            yield

    @property
    def needs(self) -> Mapping[Origin, Recorded]:
        """What the code under test needs, without the querysets of the tests."""
        found = self._recorder.needs
        return {origin: needs for origin, needs in found.items() if not _TESTS.search(origin.place)}

    def hand_over(self, output: MutableMapping[str, Any]) -> None:
        """Put what was recorded into what a worker sends to its controller."""
        output[_WORKER] = data_of(EMPTY.merged(self.needs))

    def take(self, output: Mapping[str, Any]) -> None:
        """Merge what a worker recorded; one that crashed sends nothing."""
        if _WORKER in output:
            self._recorder.add(read_data(output[_WORKER]).recorded)

    def finish(self) -> bool:
        """Write the file or compare it, and tell whether that is a failure; ``lines`` say what it came to."""
        try:
            found = (check if self._is_checking else keep)(self.needs, self._file, is_anew=self._is_anew)
        except UsageError as error:
            self.lines = (str(error),)
            return True
        self.lines = found.lines
        return found.has_drifted
