"""Servers of the help desk, what their processes cost, and the load that ``wrk`` puts on them."""

import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROJECT = ROOT / "example_project"
CONNECTIONS = 100
WORKERS = 1
_IDLE_SECONDS = 0.5
_SERVER_CORE, _LOAD_CORE = 0, 1
_TICKS = os.sysconf("SC_CLK_TCK")
# A page of each kind, many tickets, and one that loads row by row.
PAGES = (
    *("/", "/tickets/", "/dashboard/", "/kb/"),
    *(f"/tickets/{number}/" for number in range(1, 31)),
    *(f"/kb/{number}/" for number in range(1, 6)),
    "/slow/article-views/",
)
_SCRIPT = """
local paths = {%s}
local turn, answered, wanted = 0, 0, tonumber(os.getenv("REQUESTS"))
function request()
  turn = turn + 1
  return wrk.format("GET", paths[turn %% #paths + 1])
end
function response()
  answered = answered + 1
  if answered == wanted then os.execute("(sleep 0.005; kill -INT $PPID) &") end
end
function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format("RESULT %%d %%f %%f %%f %%d\\n", summary.requests, summary.duration / 1e6,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
"""


@dataclass(frozen=True, slots=True)
class Run:
    """What one run of ``wrk`` saw, and the CPU time that the processes of the server took."""

    requests: int
    seconds: float
    median_ms: float
    p99_ms: float
    errors: int
    cpu_seconds: float

    @property
    def per_second(self) -> float:
        """Requests that were answered in a second."""
        return self.requests / self.seconds

    @property
    def cpu_ms(self) -> float:
        """CPU time of a request, in milliseconds."""
        return self.cpu_seconds / max(self.requests, 1) * 1000


def added(runs: Sequence[Run]) -> Run:
    """Return several runs as one; of the slowest answers the worst."""
    return Run(
        requests=sum(run.requests for run in runs),
        seconds=sum(run.seconds for run in runs),
        median_ms=statistics.median(run.median_ms for run in runs),
        p99_ms=max(run.p99_ms for run in runs),
        errors=sum(run.errors for run in runs),
        cpu_seconds=sum(run.cpu_seconds for run in runs),
    )


class Server:
    """A server of the help desk, with its workers."""

    def __init__(self, kind: str, variables: Mapping[str, str]) -> None:
        self.port = free_port()
        environment = os.environ | variables | {"DJANGO_SETTINGS_MODULE": "benchmarks.production_settings"}
        environment["PYTHONPATH"] = os.pathsep.join([str(ROOT / "src"), str(ROOT), str(PROJECT)])
        self._process = subprocess.Popen(
            [*_on_core(_SERVER_CORE), sys.executable, "-m", *_COMMANDS[kind](self.port)],
            cwd=PROJECT,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def wait(self) -> None:
        """Wait until it answers."""
        for _ in range(300):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}/", timeout=10).close()
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                time.sleep(0.1)
            else:
                return
        msg = "a server does not answer"
        raise RuntimeError(msg)

    def load(self, requests: int, script: Path) -> Run:
        """
        Ask for pages by a hundred connections, until so many are answered.

        Threads that share a core answer those who ask at once nearly at once, so that what is answered in a number of
        seconds would jump by a hundred.
        """
        before = self._cpu_seconds()
        done = subprocess.run(
            [
                *_on_core(_LOAD_CORE), "wrk", "-t1", f"-c{CONNECTIONS}", "-d600s", "--timeout", "60s",
                "--latency", "-s", str(script), f"http://127.0.0.1:{self.port}/",
            ],
            capture_output=True,
            text=True,
            check=True,
            env=os.environ | {"REQUESTS": str(requests)},
        )  # fmt: skip
        cpu_seconds = self._cpu_seconds() - before
        self._rest()
        (line,) = [line for line in done.stdout.splitlines() if line.startswith("RESULT ")]
        answered, duration, median, p99, errors = line.split()[1:]
        return Run(int(answered), float(duration), float(median), float(p99), int(errors), cpu_seconds)

    def _rest(self) -> None:
        """Wait until it has answered those who have gone meanwhile: the next server is to have the machine."""
        before, now = -1.0, self._cpu_seconds()
        while now - before > _IDLE_SECONDS / 10:
            time.sleep(_IDLE_SECONDS)
            before, now = now, self._cpu_seconds()

    def stop(self) -> None:
        """Let the workers finish, and end it."""
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def _cpu_seconds(self) -> float:
        return sum(map(_cpu_of, _family(self._process.pid)))


_COMMANDS = {
    "wsgi": lambda port: [
        "gunicorn", "config.wsgi:application", "--bind", f"127.0.0.1:{port}", "--workers", str(WORKERS),
        "--timeout", "120", "--log-level", "critical",
    ],
    "asgi": lambda port: [
        "uvicorn", "config.asgi:application", "--port", str(port), "--workers", str(WORKERS),
        "--log-level", "critical", "--lifespan", "off",
    ],
}  # fmt: skip


def _family(pid: int) -> Iterator[int]:
    """Yield a process and what it started."""
    yield pid
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except FileNotFoundError:
        return
    for child in children:
        yield from _family(int(child))


def _cpu_of(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _on_core(number: int) -> list[str]:
    """Return what keeps a command on a core of its own, where there are two and a way to choose."""
    if shutil.which("taskset") is None or (os.cpu_count() or 1) < 2:
        return []
    return ["taskset", "-c", str(number)]


def free_port() -> int:
    """Return a port that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def prepared() -> Iterator[tuple[dict[str, str], Path]]:
    """Yield the variables of a help desk with 300 tickets, and the script of the load."""
    with tempfile.TemporaryDirectory() as folder:
        variables = {"DATABASE_URL": f"sqlite:///{folder}/desk.sqlite3"}
        environment = os.environ | variables | {"PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"}
        for command in (["migrate", "--verbosity", "0"], ["seed", "--tickets", "300", "--flush"]):
            subprocess.run(
                [sys.executable, "manage.py", *command],
                cwd=PROJECT,
                env=environment,
                check=True,
                stdout=subprocess.DEVNULL,
            )
        script = Path(folder, "load.lua")
        script.write_text(_SCRIPT % ", ".join(f'"{page}"' for page in PAGES))
        yield variables, script


@contextmanager
def folding() -> Iterator[dict[str, str]]:
    """Yield the variables of a Redis to fold into; none where there is no Redis."""
    if shutil.which("redis-server") is None:
        yield {}
        return
    port = free_port()
    with subprocess.Popen(
        ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", ""], stdout=subprocess.DEVNULL
    ) as server:
        try:
            yield {"QUELL_BENCHMARK_STORE": f"redis://127.0.0.1:{port}/0"}
        finally:
            server.terminate()
