"""Drive a real browser by the W3C WebDriver protocol, with nothing but what Debian and Python have."""

import base64
import json
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

DRIVERS = ("chromedriver",)
_ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
_FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
)  # fmt: skip

R = TypeVar("R")


def find_driver() -> str | None:
    """Return the path of a driver of a browser, or ``None``."""
    return next((found for name in DRIVERS if (found := shutil.which(name))), None)


class BrowserError(Exception):
    """What the driver answered instead of a value."""


class Browser:
    """One window of a browser."""

    def __init__(self, address: str, session: str) -> None:
        self._base = f"{address}/session/{session}"

    def open(self, url: str) -> None:
        """Load a page."""
        self._ask("POST", "/url", {"url": url})

    def run(self, script: str, *arguments: object) -> Any:  # noqa: ANN401 -- what the script returns
        """Run a script in the page and return its value, awaited where it is a promise."""
        return self._ask("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def wait_for(self, script: str, *arguments: object, seconds: float = 10.0) -> Any:  # noqa: ANN401 -- likewise
        """Run a script until its value is true, and return it."""
        return self.until(lambda: self.run(script, *arguments), f"waited in vain for: {script}", seconds)

    def until(self, look: Callable[[], R], complaint: str, seconds: float = 10.0) -> R:
        """
        Call a function until its value is true, and return it.

        Raises:
            BrowserError: When that takes too long.
        """
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            found = look()
            if found:
                return found
            time.sleep(0.05)
        raise BrowserError(complaint)

    def click(self, element: object) -> None:
        """Click on an element as a person would: it has to be visible."""
        self._ask("POST", f"/element/{self._id(element)}/click", {})

    def press(self, *keys: str) -> None:
        """Press keys, one after the other, wherever the focus is."""
        actions = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        self._ask("POST", "/actions", {"actions": [{"type": "key", "id": "keys", "actions": actions}]})

    def allow_clipboard(self) -> None:
        """Let the pages write to the clipboard and read it."""
        for name in ("clipboard-write", "clipboard-read"):
            self._ask("POST", "/permissions", {"descriptor": {"name": name}, "state": "granted"})

    def prefer(self, scheme: str) -> None:
        """Prefer a colour scheme, ``"light"`` or ``"dark"``, from the next page on."""
        self.emulate({"prefers-color-scheme": scheme})

    def emulate(self, media: Mapping[str, str]) -> None:
        """Let the pages see these features of media, such as ``forced-colors: active``, and no others."""
        features = [{"name": name, "value": value} for name, value in media.items()]
        given = {"cmd": "Emulation.setEmulatedMedia", "params": {"features": features}}
        self._ask("POST", "/goog/cdp/execute", given)

    def resize(self, width: int, height: int) -> None:
        """Change the size of the window."""
        self._ask("POST", "/window/rect", {"width": width, "height": height})

    def picture(self, file: Path) -> None:
        """Write what the window shows to a file."""
        file.write_bytes(base64.b64decode(self._ask("GET", "/screenshot")))

    def console_errors(self) -> list[str]:
        """Return what the console said since the last call that is an error."""
        entries = self._ask("POST", "/se/log", {"type": "browser"})
        return [entry["message"] for entry in entries if entry["level"] == "SEVERE"]

    def forget(self) -> None:
        """Forget cookies and whatever else the pages of this origin stored."""
        self.run("localStorage.clear(); sessionStorage.clear()")
        self._ask("DELETE", "/cookie")
        self.open("about:blank")

    def close(self) -> None:
        """End the session and the browser."""
        self._ask("DELETE", "")

    def _ask(self, method: str, path: str, data: object = None) -> Any:  # noqa: ANN401 -- what the driver answers
        return ask(method, self._base + path, data)

    @staticmethod
    def _id(element: object) -> str:
        if not isinstance(element, dict) or _ELEMENT not in element:
            msg = f"{element!r} is no element of the page"
            raise BrowserError(msg)
        return str(element[_ELEMENT])


def ask(method: str, url: str, data: object = None) -> Any:  # noqa: ANN401 -- JSON
    """
    Send a command of the protocol and return its value.

    Raises:
        BrowserError: If the driver refuses it.
    """
    body = json.dumps(data).encode() if data is not None else None
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            return json.load(response)["value"]
    except urllib.error.HTTPError as error:
        value = json.load(error)["value"]
        raise BrowserError(f"{value['error']}: {value['message'].splitlines()[0]}") from None


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def browser(driver: str, *, width: int = 1400, height: int = 1000) -> Iterator[Browser]:
    """Start a browser without a screen, and end it behind the block."""
    address = f"http://127.0.0.1:{(port := free_port())}"
    with subprocess.Popen(
        [driver, f"--port={port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            _wait_for(address)
            wanted = {
                "browserName": "chrome",
                "goog:chromeOptions": {"args": [*_FLAGS, f"--window-size={width},{height}"]},
                "goog:loggingPrefs": {"browser": "ALL"},
            }
            made = ask("POST", f"{address}/session", {"capabilities": {"alwaysMatch": wanted}})
            window = Browser(address, made["sessionId"])
            try:
                yield window
            finally:
                window.close()
        finally:
            process.terminate()


def _wait_for(address: str) -> None:
    for _ in range(100):
        try:
            if ask("GET", f"{address}/status")["ready"]:
                return
        except (urllib.error.URLError, ConnectionError):
            pass
        time.sleep(0.1)
    raise BrowserError(f"the driver does not answer at {address}")
