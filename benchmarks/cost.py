"""
What ``quell.watch()`` costs: CPU time, as ratios against bare Django in the same run.

Each round runs every scenario four times in shuffled order, in four states: bare, bare again, inside a watch,
and idle (a watch was opened and closed before). A ratio compares a run with the mean of the bare ones of
its round. What is judged is the median of the ratios less the spread of bare against bare, which is what this
machine cannot tell apart.
See Note [Siblings].
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from statistics import median, quantiles

from benchmarks.scenarios import SCENARIOS, Scenario
from benchmarks.siblings import KINDS, Kind, Sample, siblings

IDLE_TARGET = 1.00


@dataclass(frozen=True, slots=True)
class Row:
    """
    One line of the table.

    Attributes:
        scenario: What was run.
        state: ``"watch"`` or ``"idle"``.
        target: The highest ratio that is fine.
        ratio: Median over the rounds.
        best: Fastest run over fastest bare run, which a busy machine distorts least.
        spread: Between the quartiles of that ratio.
        noise: Between the quartiles of bare against bare.
        bare_ms: Median CPU time of the scenario without quell.
        query_us: What a statement costs more inside the watch; ``None`` where there are too few to tell.
        analysis_ms: Median CPU time of ``watch.findings``, which no ratio includes.
    """

    scenario: str
    state: str
    target: float
    ratio: float
    best: float
    spread: float
    noise: float
    bare_ms: float
    query_us: float | None
    analysis_ms: float

    @property
    def is_within(self) -> bool:
        """Whether the target is met, as far as this machine can tell."""
        return round(self.ratio - self.noise, 3) <= self.target

    @property
    def verdict(self) -> str:
        """``ok``, ``OVER``, or ``noise`` where only the spread of bare Django lets the ratio pass."""
        if not self.is_within:
            return "OVER"
        return "ok" if round(self.ratio, 3) <= self.target else "noise"


Samples = dict[Kind, list[Sample]]


def compare(*, rounds: int, forks: int, seed: int, only: Sequence[int] = ()) -> list[Row]:
    """
    Measure every scenario.

    Args:
        rounds: Runs of each scenario in each state, per fork, at least 2.
        forks: How often the processes are made anew; what chance gave one of them is evened out.
        seed: Of the order of the runs.
        only: Numbers of the scenarios; all when empty.
    """
    shuffler = random.Random(seed)
    numbers = list(only) or list(range(len(SCENARIOS)))
    samples: dict[int, Samples] = {number: {kind: [] for kind in KINDS} for number in numbers}
    for _ in range(forks):
        with siblings() as family:
            for number, kind in _order(numbers, rounds, shuffler):
                samples[number][kind].append(family.run(kind, number))
    return [
        *(_active(SCENARIOS[n], samples[n]) for n in numbers),
        *(_idle(SCENARIOS[n], samples[n]) for n in numbers),
    ]


def _order(numbers: Sequence[int], rounds: int, shuffler: random.Random) -> Iterator[tuple[int, Kind]]:
    for _ in range(rounds):
        for number in numbers:
            for kind in shuffler.sample(KINDS, len(KINDS)):
                yield number, kind


def _active(scenario: Scenario, samples: Samples) -> Row:
    query_count = samples["quell"][0].query_count
    more = [one.seconds - bare.seconds for one, bare in zip(samples["quell"], samples["bare"], strict=True)]
    analysis_ms = median(sample.analysis_seconds for sample in samples["quell"]) * 1e3
    query_us = median(more) / query_count * 1e6 if query_count >= 100 else None
    return _row(scenario, "watch", scenario.target, samples, query_us, analysis_ms)


def _idle(scenario: Scenario, samples: Samples) -> Row:
    return _row(scenario, "idle", IDLE_TARGET, samples, None, 0.0)


def _row(
    scenario: Scenario,
    state: str,
    target: float,
    samples: Samples,
    query_us: float | None,
    analysis_ms: float,
) -> Row:
    kind: Kind = "quell" if state == "watch" else "idle"
    found = _ratios(samples, kind)
    return Row(
        scenario=scenario.name,
        state=state,
        target=target,
        ratio=median(found),
        best=_fastest(samples, kind) / min(_fastest(samples, "bare"), _fastest(samples, "again")),
        spread=between_quartiles(found),
        noise=between_quartiles(_noise(samples)),
        bare_ms=median(sample.seconds for sample in samples["bare"]) * 1e3,
        query_us=query_us,
        analysis_ms=analysis_ms,
    )


def _ratios(samples: Samples, kind: Kind) -> list[float]:
    """Compare each run with the mean of the two bare runs of its round."""
    rounds = zip(samples[kind], samples["bare"], samples["again"], strict=True)
    return [2 * one.seconds / (bare.seconds + again.seconds) for one, bare, again in rounds]


def _noise(samples: Samples) -> list[float]:
    """Compare the two bare runs of each round."""
    rounds = zip(samples["again"], samples["bare"], strict=True)
    return [again.seconds / bare.seconds for again, bare in rounds]


def _fastest(samples: Samples, kind: Kind) -> float:
    return min(sample.seconds for sample in samples[kind])


def between_quartiles(values: Sequence[float]) -> float:
    """Return the width of the middle half of some values."""
    low, _, high = quantiles(values, n=4, method="inclusive")
    return high - low


def as_table(rows: Sequence[Row]) -> str:
    """Return the rows as aligned text."""
    width = max(len(row.scenario) for row in rows)
    head = f"{'scenario':<{width}}  state  target  ratio   best  spread   noise"
    head += "  bare ms  us/query  analysis ms  verdict"
    return "\n".join([head, *(_line(row, width) for row in rows)])


def _line(row: Row, width: int) -> str:
    query = f"{row.query_us:8.1f}" if row.query_us is not None else f"{'':8}"
    analysis = f"{row.analysis_ms:11.1f}" if row.state == "watch" else f"{'':11}"
    return (
        f"{row.scenario:<{width}}  {row.state:<5}  {row.target:6.2f}  {row.ratio:5.3f}  {row.best:5.3f}  "
        f"{row.spread:6.3f}  {row.noise:6.3f}  {row.bare_ms:7.1f}  {query}  {analysis}  {row.verdict}"
    )


def as_records(rows: Sequence[Row]) -> list[dict[str, object]]:
    """Return the rows as values for JSON."""
    return [{**asdict(row), "verdict": row.verdict} for row in rows]
