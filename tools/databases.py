"""The database servers that tests run on, and whether they answer."""

import os
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """One database server as the environment variables describe it."""

    title: str
    variable: str
    default_url: str
    default_port: int

    def address(self) -> tuple[str, int]:
        """Return host and port."""
        url = urlsplit(os.environ.get(self.variable) or self.default_url)
        return url.hostname or "localhost", url.port or self.default_port

    def url(self, name: str) -> str:
        """Return the URL of a database on this server."""
        url = os.environ.get(self.variable) or self.default_url
        return f"{url.rstrip('/')}/{name}"

    def complaint(self) -> str | None:
        """Return one line saying what to do when nobody answers, else None."""
        host, port = self.address()
        try:
            with socket.create_connection((host, port), timeout=5):
                return None
        except OSError:
            return f"{self.title} does not answer at {host}:{port}; start it or set {self.variable}"


SERVERS = {
    "postgres": Server(
        title="PostgreSQL",
        variable="QUELL_TEST_POSTGRES_URL",
        default_url="postgres://postgres@localhost:5432/",
        default_port=5432,
    ),
    "mariadb": Server(
        title="MariaDB",
        variable="QUELL_TEST_MARIADB_URL",
        default_url="mysql://root@127.0.0.1:3306/",
        default_port=3306,
    ),
}
