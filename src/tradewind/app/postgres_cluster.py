"""The data folder of the embedded PostgreSQL: made whole or not at all, and checked before a server is let at it."""

import contextlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from tradewind.app.postgres_place import (
    FREE_BYTES_NEEDED,
    Binaries,
    Place,
    account_name,
    become,
    folder_unusable,
    free_bytes,
)
from tradewind.kernel.problem import Refused, refuse

OWNER = "tradewind"  # superuser of the embedded cluster and owner of the tables


def initialise(place: Place, binaries: Binaries, *, durable: bool) -> None:
    """A new cluster, made beside its place and moved there whole, so that a killed attempt leaves nothing half."""
    if free_bytes(place.root) < FREE_BYTES_NEEDED:
        raise folder_unusable(place.root, f"has {free_bytes(place.root) >> 20} MB free; a new database needs "
                              f"{FREE_BYTES_NEEDED >> 20}", "Make room, or set TRADEWIND_HOME.")  # fmt: skip
    for left in place.root.glob("new-*"):
        shutil.rmtree(left, ignore_errors=True)
    part = Path(tempfile.mkdtemp(prefix="new-", dir=place.root))
    words = [str(binaries.folder / "initdb"), "-D", str(part), "-U", OWNER, "-A", "trust", "-E", "UTF8", "--locale=C"]
    if binaries.major >= 17:
        words += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    words += ["--no-instructions", *([] if durable else ["--no-sync"])]
    try:
        if place.account:
            os.chown(part, place.account.uid, place.account.gid)
        done = subprocess.run(words, capture_output=True, text=True, check=False, **become(place.account))
    except (OSError, subprocess.SubprocessError) as reason:
        raise cannot_become(place, reason) from reason
    if done.returncode:
        shutil.rmtree(part, ignore_errors=True)
        said = " ".join(line.strip() for line in done.stderr.splitlines() if "error" in line.lower() or "FATAL" in line)
        raise refuse("database.cannot_initialise", f"a new database could not be made in {place.root}: "
                     f"{(said or done.stderr.strip())[-600:]}", status=503)  # fmt: skip
    (part / "pg_hba.conf").write_text("# the socket's folder belongs to one account\nlocal all all trust\n"
                                      "local replication all trust\n")  # fmt: skip
    if place.data.exists():
        with contextlib.suppress(OSError):
            place.data.rmdir()  # an empty one may be replaced; anything else is not ours to remove
    try:
        part.rename(place.data)
    except OSError as reason:
        shutil.rmtree(part, ignore_errors=True)
        raise folder_unusable(place.data, "holds files but no database") from reason


def check_cluster(place: Place, binaries: Binaries) -> None:
    try:
        major = (place.data / "PG_VERSION").read_text().strip()
    except OSError as reason:
        raise folder_unusable(place.data, f"cannot be read: {reason.strerror}") from reason
    major_here = str(binaries.major)
    if major != major_here:
        raise refuse("database.other_version", f"{place.data} was made by PostgreSQL {major}; this is {major_here}. "
                     "Carry the data over with pg_dump and pg_restore, or set TRADEWIND_HOME to a new folder.",
                     where="TRADEWIND_HOME", status=503)  # fmt: skip
    owner = place.data.stat().st_uid
    if owner != (place.account.uid if place.account else os.geteuid()):
        raise folder_unusable(
            place.data, f"belongs to {account_name(owner)}", "Run as its owner, or set TRADEWIND_HOME."
        )


def cannot_become(place: Place, reason: Exception) -> Refused:
    who = place.account.name if place.account else "this user"
    return refuse("database.does_not_start", f"PostgreSQL could not be run as {who}: {reason}", status=503)
