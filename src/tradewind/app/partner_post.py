"""What partners are sent: by HTTP as it was written, or as a file in their folder; the messages of a partner in their order."""

import os
from pathlib import Path

from tradewind.app.outbound import NotSent, post_json
from tradewind.channels.edi.model import FOLDER_NAME
from tradewind.channels.edi.queries.outbound import earlier_waiting, letter_of
from tradewind.kernel.tx import Database
from tradewind.orchestration.commands.deliveries import Due, Failure

KIND = "edi."
FOLDER = "folder:"
FINAL = frozenset((400, 401, 403, 404, 405, 410, 413, 415, 422))


def send_to_partner(database: Database, one: Due, *, schemes: frozenset[str], folder: Path | None) -> Failure | None:
    """Hand a message over; None where it was taken. One that is behind another of the same partner waits for that."""
    if database.read(lambda reader: earlier_waiting(reader, one.id)):
        return Failure(one, "an earlier message to this partner has not been taken", waits=True)
    letter = database.read(lambda reader: letter_of(reader, one.subject_id))
    if letter is None:
        return Failure(one, "the message is not there", final=True)
    if one.destination.startswith(FOLDER):
        return _put_down(one, letter, folder)
    if "://" not in one.destination:
        return Failure(one, "the partner collects its messages", parked=True)
    headers = {
        "Content-Type": "application/edi-x12",
        "User-Agent": "Tradewind",
        "Idempotency-Key": one.effect_key,
        "Content-Disposition": f'attachment; filename="{file_name(one)}"',
    }
    try:
        answer = post_json(one.destination, letter, headers=headers, schemes=schemes)
    except NotSent as reason:
        return Failure(one, str(reason), final=reason.final)
    if 200 <= answer.status < 300:
        return None
    return Failure(one, f"{answer.status} {answer.text[:200]}".strip(), final=answer.status in FINAL)


def file_name(one: Due) -> str:
    """What a message is called as a file: partner, type, control number."""
    said = one.payload
    return f"{said['partner']}-{said['type']}-{said['control']}.edi"


def _put_down(one: Due, letter: bytes, folder: Path | None) -> Failure | None:
    """Whole or not at all: written under another name, then renamed."""
    name = one.destination.removeprefix(FOLDER)
    if folder is None:
        return Failure(one, "TRADEWIND_EDI_FOLDER is not set, so no partner has a folder")
    if not FOLDER_NAME.fullmatch(name):
        return Failure(one, f"{name!r} is no name of a folder", final=True)
    target = folder / "out" / name
    try:
        target.mkdir(parents=True, exist_ok=True)
        part = target / f".{file_name(one)}.part"
        with part.open("wb") as file:
            file.write(letter)
            file.flush()
            os.fsync(file.fileno())
        part.rename(target / file_name(one))
    except OSError as reason:
        return Failure(one, f"{reason.strerror}: {target}")
    return None
