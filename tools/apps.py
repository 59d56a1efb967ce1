"""Run third-party applications with quell on, each in an environment of its own."""

import argparse
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DRIVER = ROOT / "benchmarks" / "real_apps"


def applications() -> list[str]:
    """Return the applications that have an adapter."""
    return sorted(path.parent.name for path in DRIVER.glob("apps/*/requirements.txt"))


def run(app: str) -> int:
    """Prepare an application and measure what quell finds in it; the exit status is that of the driver."""
    prepared = subprocess.run(
        [sys.executable, str(DRIVER / "prepare.py"), app], check=True, capture_output=True, text=True
    )
    print(f"== {app}", flush=True)
    interpreter = prepared.stdout.strip().splitlines()[-1]
    command = [interpreter, "-W", "ignore", str(DRIVER / "run.py"), app, "--quell", "--prove"]
    return subprocess.run(command, check=False).returncode


def main() -> int:
    """Run the named applications, or all of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("apps", nargs="*", metavar="APP", help=f"one of {', '.join(applications())}")
    chosen = parser.parse_args().apps or applications()
    unknown = sorted(set(chosen) - set(applications()))
    if unknown:
        parser.error(
            f"there is no adapter for {', '.join(unknown)}: write one under benchmarks/real_apps/apps/"
        )
    return max(run(app) for app in chosen)


if __name__ == "__main__":
    sys.exit(main())
