"""What was read before is not read again: results by the content that they were made from."""

from __future__ import annotations

import os
import pickle
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

KEPT_DAYS = 30
VARIABLE = "DIGISTRAT_CACHE"  # a folder, or "off"


@dataclass(frozen=True)
class Cache:
    """A folder of results that can be made again: it may be deleted at any time.

    Only its owner may read it, because it holds what offices sent, and only its owner may write it, because
    results are pickled.
    """

    folder: Path

    def load(self, key: str) -> Any:
        """Return the result of this key; None where there is none, or it cannot be read."""
        path = self._path(key)
        if not self._is_private():
            return None
        try:
            content = path.read_bytes()
            os.utime(path)
            return pickle.loads(content)
        except Exception:  # absent, cut off, or of another version of a library: it is made again
            return None

    def save(self, key: str, result: Any) -> None:
        """Keep a result; where that fails nothing is kept, and nothing half-written."""
        path = self._path(key)
        with suppress(OSError):
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.parent.mkdir(mode=0o700, exist_ok=True)
            handle, partial = tempfile.mkstemp(dir=path.parent, prefix=".part-")
            try:
                with os.fdopen(handle, "wb") as stream:
                    pickle.dump(result, stream, pickle.HIGHEST_PROTOCOL)
                os.replace(partial, path)
            except BaseException:
                Path(partial).unlink(missing_ok=True)
                raise

    def prune(self) -> None:
        """Delete what was not used for a month."""
        oldest = time.time() - KEPT_DAYS * 86_400
        for path in self.folder.glob("*/*"):
            with suppress(OSError):
                if path.stat().st_mtime < oldest:
                    path.unlink()

    def _is_private(self) -> bool:
        """Whether nobody else can put something here that would be unpickled."""
        if not hasattr(os, "getuid"):
            return True
        try:
            state = self.folder.stat()
        except OSError:
            return False
        return state.st_uid == os.getuid() and not state.st_mode & 0o022

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / key


def default_cache() -> Cache | None:
    """Return the user's cache, or what the environment variable ``DIGISTRAT_CACHE`` says; None for "off"."""
    chosen = os.environ.get(VARIABLE, "")
    if chosen.lower() == "off":
        return None
    if chosen:
        return Cache(Path(chosen))
    from platformdirs import user_cache_path

    return Cache(user_cache_path("digistrat", appauthor=False) / "returns")


def make_key(*parts: str) -> str:
    """Return the key of a result made from these parts by this version of the code."""
    return sha256("\0".join((code_version(), *parts)).encode()).hexdigest()


@cache
def code_version() -> str:
    """Return a digest of the code and words that read returns: no change of them may find old results."""
    digest = sha256(f"{sys.version_info[:2]} {pd.__version__} {np.__version__}".encode())
    package = files("digistrat")
    for name in ("intake", "forms", "locales", "findings.py", "texts.py"):
        for path in sorted(_walk(Path(str(package.joinpath(name))))):
            digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def _walk(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    return [found for found in path.rglob("*") if found.suffix in (".py", ".toml")]
