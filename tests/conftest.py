"""One embedded PostgreSQL for the whole run, one database a test.

The controller makes a temporary home, in memory where there is room, and removes it at the end; the first process that
needs a database starts the server there, the others attach. The schema is migrated once into a template; `database`
clones it. With TRADEWIND_TEST_DATABASE_URL (a superuser's connection) that server is used instead. The shared server
does not flush to disk; tests that are about durability take `durable_server`, which is their own and lies on disk.
"""

import fcntl
import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from invariants import assert_invariants
from tradewind.app.postgres import Server, ensure_server, running_server
from tradewind.app.postgres_place import temporary_home
from tradewind.app.settings import Settings, read_settings

NOT_DURABLE = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "max_connections": "200",
    "max_wal_size": "256MB",
}
MEMORY = Path("/dev/shm")  # cloning a database there took 12 ms, on this project's slowest disk 500 ms
MEMORY_NEEDED = 1 << 30
APP_ROLE = "tradewind_app"
PREFIX = "tradewind-tests-"
HOME = pytest.StashKey[Path]()
ALIVE = pytest.StashKey[int]()


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "durable: needs a server that flushes to disk; takes the fixture durable_server")
    if hasattr(config, "workerinput"):
        config.stash[HOME] = Path(config.workerinput["tradewind_home"])
        return
    _sweep()
    home = temporary_home(PREFIX, prefer=str(MEMORY) if _roomy(MEMORY) else "")
    config.stash[HOME] = home
    config.stash[ALIVE] = _lock(home / "alive")


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: object) -> None:
    """xdist: tells each worker where the controller's home is."""
    node.workerinput["tradewind_home"] = str(node.config.stash[HOME])  # type: ignore[attr-defined]


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput") and HOME in config.stash:
        _drop_template(config.stash[HOME])
        _remove(config.stash[HOME])
        os.close(config.stash[ALIVE])


def _lock(path: Path, *, wait: bool = True) -> int:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        os.close(descriptor)
        raise
    return descriptor


def _roomy(folder: Path) -> bool:
    """Whether a server with some databases fits; programs must be allowed to run there too."""
    try:
        found = os.statvfs(folder)
    except OSError:
        return False
    roomy = found.f_bavail * found.f_frsize >= MEMORY_NEEDED and not found.f_flag & os.ST_NOEXEC
    return roomy and os.access(folder, os.W_OK)


def _sweep() -> None:
    """Removes homes of runs that were killed: nobody holds their lock any more."""
    for base in {MEMORY, Path(tempfile.gettempdir()), Path("/tmp"), Path("/var/tmp")}:
        for home in base.glob(f"{PREFIX}*"):
            with suppress(OSError):  # alive, or another user's
                if home.stat().st_uid == os.geteuid() and (home / "alive").exists():
                    descriptor = _lock(home / "alive", wait=False)
                    _remove(home)
                    os.close(descriptor)


def _remove(home: Path) -> None:
    """Stops the server in `home`, if one runs, and removes the folder."""
    if (home / "postgres" / "lock").exists():
        server = running_server(settings_of(home))
        if server is not None:
            server.stop()
    shutil.rmtree(home, ignore_errors=True)


def settings_of(home: Path) -> Settings:
    """Settings of an embedded server in `home`, whatever the variables of this process say."""
    return read_settings({"TRADEWIND_HOME": str(home)})


def _given_server() -> str:
    return os.environ.get("TRADEWIND_TEST_DATABASE_URL", "")


def _template_name(home: Path) -> str:
    # a given server may serve several runs at once, an embedded one serves only ours
    return f"tw_template_{home.name.removeprefix(PREFIX).lower()}" if _given_server() else "tw_template"


def _drop_template(home: Path) -> None:
    if _given_server() and (home / "template").exists():
        with psycopg.connect(_given_server(), autocommit=True) as connection:
            connection.execute(_statement("DROP DATABASE IF EXISTS {} WITH (FORCE)", _template_name(home)))


def _statement(text: str, *names: str) -> sql.Composed:
    return sql.SQL(text).format(*map(sql.Identifier, names))


@pytest.fixture(scope="session")
def server(pytestconfig: pytest.Config) -> Server:
    """The run's shared PostgreSQL; not durable."""
    if _given_server():
        return ensure_server(read_settings({"TRADEWIND_DATABASE_URL": _given_server()}))
    return ensure_server(settings_of(pytestconfig.stash[HOME]), NOT_DURABLE)


@pytest.fixture(scope="session")
def _maintenance(server: Server) -> Iterator[psycopg.Connection]:
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        yield connection


@pytest.fixture(scope="session")
def template(server: Server, _maintenance: psycopg.Connection, pytestconfig: pytest.Config) -> str:
    """The name of a migrated, empty database to clone; made by whoever comes first."""
    from tradewind.app.migrate import migrate  # noqa: PLC0415 - tests without a database need no schema

    home = pytestconfig.stash[HOME]
    name = _template_name(home)
    descriptor = _lock(home / "template.lock")
    try:
        if not (home / "template").exists():
            _maintenance.execute(_statement("CREATE DATABASE {}", name))
            migrate(server.url(name))
            (home / "template").touch()
    finally:
        os.close(descriptor)
    return name


@dataclass
class Clones:
    """Makes databases out of the template. One that was given back is dropped when the next is taken: by then its
    connections are gone, and the drop need not wait for them."""

    maintenance: psycopg.Connection
    template: str
    stem: str
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    given_back: list[str] = field(default_factory=list)

    def take(self) -> str:
        self.drop()
        name = f"{self.stem}_{next(self.numbers)}"
        self.maintenance.execute(_statement("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY", name, self.template))
        return name

    def drop(self) -> None:
        while self.given_back:
            self.maintenance.execute(_statement("DROP DATABASE {} WITH (FORCE)", self.given_back.pop()))


@pytest.fixture(scope="session")
def _clones(_maintenance: psycopg.Connection, template: str, pytestconfig: pytest.Config) -> Iterator[Clones]:
    run = pytestconfig.stash[HOME].name.removeprefix(PREFIX).lower()
    clones = Clones(_maintenance, template, f"tw_{run}_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}")
    yield clones
    if _given_server():  # an embedded one is removed as a whole
        clones.drop()


@pytest.fixture
def database(_clones: Clones) -> Iterator[str]:
    """The name of a fresh database with the schema, dropped after the test."""
    name = _clones.take()
    yield name
    _clones.given_back.append(name)


@pytest.fixture(scope="session")
def worker_database(_clones: Clones) -> Iterator[str]:
    """The name of a database that this worker keeps for the whole run, for tests that roll back."""
    name = _clones.take()
    yield name
    _clones.given_back.append(name)


@pytest.fixture
def owner_url(server: Server, database: str) -> str:
    """The address of `database` as the owner of the tables (a superuser in the embedded server)."""
    return server.url(database)


@pytest.fixture
def app_url(server: Server, database: str) -> str:
    """The address of `database` as the application's role, which owns nothing."""
    if _given_server():  # that role has no password there: the owner becomes it
        return make_conninfo(server.url(database), options=f"-c role={APP_ROLE}")
    return server.url(database, APP_ROLE)


@contextmanager
def _home(*, in_memory: bool) -> Iterator[Path]:
    home = temporary_home(PREFIX, prefer=str(MEMORY) if in_memory and _roomy(MEMORY) else "")
    descriptor = _lock(home / "alive")
    yield home
    _remove(home)
    os.close(descriptor)


@pytest.fixture
def fresh_home() -> Iterator[Path]:
    """An empty TRADEWIND_HOME for this test, in memory where there is room; a server left in it is stopped."""
    with _home(in_memory=True) as home:
        yield home


@pytest.fixture(scope="module")
def kept_home() -> Iterator[Path]:
    """An empty TRADEWIND_HOME that the tests of one file share; a server left in it is stopped."""
    with _home(in_memory=True) as home:
        yield home


@pytest.fixture
def durable_settings() -> Iterator[Settings]:
    """Settings of a durable server on disk of this test alone; `ensure_server` starts it, also after it was killed."""
    with _home(in_memory=False) as home:
        yield settings_of(home)


@pytest.fixture
def durable_server(durable_settings: Settings) -> Server:
    """A running durable server of this test alone; its database `tradewind` has the schema."""
    from tradewind.app.migrate import migrate  # noqa: PLC0415 - tests without a database need no schema

    server = ensure_server(durable_settings)
    migrate(server.url())
    return server


@pytest.fixture(autouse=True)
def _verified(request):
    """After every test that had a database of its own the invariants hold in it."""
    url = request.getfixturevalue("owner_url") if "database" in request.fixturenames else None
    yield
    if url and not request.node.get_closest_marker("breaks_invariants"):
        assert_invariants(url)
