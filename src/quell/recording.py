"""What is really used of the rows that a block loads, as a plan per origin."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any

from quell.capture.needed import needs_of_rows
from quell.capture.scope import Scope
from quell.guard import guarded
from quell.lineage._patches import recorders
from quell.lineage._patches_plans import installation
from quell.lineage.ondemand import loader
from quell.lineage.planned import Planner, chosen
from quell.loading.plan import FetchPlan
from quell.loading.recorded.entries import Recorded
from quell.loading.recorded.origins import Origin


class _Everything:
    """Stands for all models: each queryset is asked for its builder."""

    def __contains__(self, model: object) -> bool:
        return True


class _Nothing:
    """The planner of a recording: querysets learn who built them, and get no plan."""

    models: Any = _Everything()

    def __init__(self, switch_off: Callable[[], bool]) -> None:
        self.switch_off = switch_off

    def planned(self, queryset: object) -> None:
        """Return no queryset: what is recorded is what the code does by itself."""


class Recorder:
    """
    What was recorded so far.

    One recorder takes any number of blocks: ``with recorder.block(): ...`` once per page or test. A block that ends
    with an error, or in which statements were dropped, adds nothing, as what is missing may be the use.
    """

    def __init__(self) -> None:
        self._needs: dict[Origin, Recorded] = {}
        self.skipped_count = 0

    @property
    def needs(self) -> Mapping[Origin, Recorded]:
        """What each origin that loaded rows needs, sorted by origin; merged over all blocks."""
        return MappingProxyType({origin: self._needs[origin] for origin in sorted(self._needs)})

    @property
    def plans(self) -> Mapping[Origin, FetchPlan]:
        """The plan of each of these origins, without the calls that no plan answers."""
        return MappingProxyType({origin: found.plan for origin, found in self.needs.items()})

    def add(self, needs: Mapping[Origin, Recorded]) -> None:
        """Merge what another run needs, such as another process: what either used is used."""
        for origin, found in needs.items():
            known = self._needs.get(origin)
            self._needs[origin] = found if known is None else known | found

    @contextmanager
    def block(self) -> Iterator[None]:
        """
        Record a block; what it needs is in ``plans`` when it has ended.

        Plans that ``QUELL_PLANS`` or ``apply_plans()`` would add rest inside it, so that a recording says the same
        whatever was recorded before.
        """
        scope = Scope(is_profiling=True)
        planner: Planner = _Nothing(scope.switch_off)
        installation.acquire()
        # Rows that batch their loads would hide what they need.
        tokens = chosen.set(planner), loader.set(None)
        try:
            with recorders.with_keys(), scope:
                yield
            if not scope.has_failed:
                self._take(scope)
        except BaseException:
            self.skipped_count += 1
            raise
        finally:
            chosen.reset(tokens[0])
            loader.reset(tokens[1])
            installation.release()

    def _take(self, scope: Scope) -> None:
        found = guarded(scope.switch_off, None, needs_of_rows, scope)
        if found is None:
            self.skipped_count += 1
        else:
            self.add(found)


@contextmanager
def record() -> Iterator[Recorder]:
    """
    Record what a block really uses of the rows that it loads.

    ::

        with record() as recorder:
            client.get("/tickets/")
        with apply_plans(recorder.needs):  # from quell.loading.recorded.blocks
            client.get("/tickets/")

    ``recorder.plans`` maps each ``Origin`` (place, model, code) to a ``FetchPlan``: the relations that were used, those
    that were loaded beforehand and those that were loaded on demand, and every column that was read.
    ``recorder.needs`` maps them to the plan and to the calls on related managers, such as ``count()``, that no plan
    answers. Both are empty until the block has ended, and both can be given to ``apply_plans()``.

    Cost: that of ``watch(profile=True)``: no statement, some time per row and attribute.
    """
    recorder = Recorder()
    with recorder.block():
        yield recorder
