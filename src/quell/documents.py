"""Files of JSON that a project commits: read with errors that say what to do, written whole or not at all."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from quell.exceptions import UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """
    A kind of file.

    Attributes:
        title: What messages call it, such as ``"The baseline"``.
        about: What it says of itself to those who open it.
        version: The version of its format that this quell reads and writes.
        make: How to make one that is missing, with ``{name}`` for that of the file.
        restore: How to get one back that is broken.
    """

    title: str
    about: str
    version: int
    make: str
    restore: str

    def read(self, file: Path) -> Mapping[str, object]:
        """
        Return what a file holds.

        Raises:
            UsageError: If it does not exist, cannot be read, or is of another version; the message says what to do.
        """
        what = f"{self.title} {file}"
        try:
            content = json.loads(file.read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            msg = f"{what} does not exist. {self.make.format(name=file.name)}"
            raise UsageError(msg) from error
        except OSError as error:
            msg = f"{what} cannot be read: {error.strerror}. Make it readable, or name another file."
            raise UsageError(msg) from error
        except (ValueError, RecursionError) as error:
            msg = f"{what} is no JSON: {error}. {self.restore}"
            raise UsageError(msg) from error
        version = content.get("version") if isinstance(content, dict) else None
        if not isinstance(content, dict) or version != self.version:
            has = f"has version {version!r}" if version is not None else "has no version"
            msg = f"{what} {has}; this quell reads version {self.version}. {self.restore}"
            raise UsageError(msg)
        return content

    def write(self, file: Path, content: Mapping[str, object]) -> None:
        """
        Write a file.

        Raises:
            UsageError: If that is not possible.
        """
        document = {"about": self.about, "version": self.version, **content}
        text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
        beside = file.with_name(f".{file.name}.{os.getpid()}")
        try:
            beside.write_text(text, encoding="utf-8")
            beside.replace(file)
        except OSError as error:
            beside.unlink(missing_ok=True)
            msg = f"{self.title} {file} cannot be written: {error.strerror}. Name a file in a folder that exists."
            raise UsageError(msg) from error
