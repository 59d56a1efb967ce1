"""What a service did, told by a signal: only where somebody listens."""

import time
from types import TracebackType
from typing import Any

from quell.events import ServiceEvent, ServiceOutcome
from quell.services.options import Options
from quell.signals import service_finished


class Observation:
    """One call of a service, from its first try to its last."""

    __slots__ = ("_began", "options", "outcome", "query_count", "tries")

    def __init__(self, options: Options) -> None:
        self.options = options
        self.outcome: ServiceOutcome = "committed"
        self.query_count = 0
        self.tries = 0
        self._began = time.perf_counter()

    def count_query(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:  # noqa: FBT001
        """Wrap the statements of the service's connections."""
        self.query_count += 1
        return execute(sql, params, many, context)

    def __enter__(self) -> None:
        """Do nothing: the clock runs already."""

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Send the signal."""
        event = ServiceEvent(
            service=self.options.name,
            aliases=self.options.aliases,
            tries=self.tries,
            duration_ms=(time.perf_counter() - self._began) * 1000,
            query_count=self.query_count,
            outcome="rolled back" if error is not None else self.outcome,
            error=type(error).__qualname__ if error is not None else "",
        )
        service_finished.send_robust(sender=None, event=event)


def observation_of(options: Options) -> Observation | None:
    """Return what watches a call, ``None`` where nobody listens."""
    return Observation(options) if service_finished.receivers else None
