"""`tradewind rules check|list|export`: decision tables as files and as what is kept, for people at a command line."""

import json
import sys
from collections.abc import Sequence
from functools import partial
from hashlib import sha256
from pathlib import Path

from tradewind.kernel.problem import Refused, refuse
from tradewind.kernel.tx import Database, Reader
from tradewind.kernel.versions import Period, in_force
from tradewind.rules import errors
from tradewind.rules.decide.dictionary import nearest
from tradewind.rules.decide.proof import Proof, prove
from tradewind.rules.decide.values_json import jsonable
from tradewind.rules.queries.sets import RuleSet, content_of, lineages, sets_after, sets_by_code
from tradewind.streams.decision_points import POINTS

PAGE = 500


def check_command(files: Sequence[Path], *, point: str = "") -> int:
    """Look at DMN files as a publication would; one JSON object a file. 1 where one could not go live."""
    if point and point not in POINTS:
        raise Refused([errors.unknown_point(point, nearest(point, POINTS))])
    wrong = 0
    for path in files:
        try:
            source = path.read_bytes()
        except OSError as reason:
            raise refuse("request.file_not_readable", f"{path}: {reason.strerror}", where=str(path)) from None
        proof = prove(source, sha256(source).digest(), point=POINTS.get(point))
        wrong += bool(proof.problems)
        print(json.dumps(_report(path, proof), ensure_ascii=False, default=str))
    return 1 if wrong else 0


def _report(path: Path, proof: Proof) -> dict[str, object]:
    return {
        "file": str(path),
        "ready": not proof.problems,
        "problems": [one.as_json() for one in proof.problems],
        "seen": [{"table": one.table, "kind": one.kind, "rows": one.rows, "inputs": jsonable(one.inputs), "message": one.message}
                 for one in proof.seen if not one.refused],
    }  # fmt: skip


def list_command(database: Database) -> int:
    """Every rule set, a line each: code, decision point, scope, the version in force, how many there are."""
    after = ""
    while True:
        found = database.read(partial(_page, after=after))
        for _, line in found:
            print(line)
        if len(found) < PAGE:
            return 0
        after = found[-1][0]


def _page(reader: Reader, after: str) -> list[tuple[str, str]]:
    sets = sets_after(reader, point=None, after=after, limit=PAGE)
    known = lineages(reader, [one.id for one in sets])
    return [(one.code, _line(one, known[one.id].periods, reader, len(known[one.id].versions))) for one in sets]


def _line(one: RuleSet, periods: Sequence[Period], reader: Reader, versions: int) -> str:
    holding = in_force(periods, reader.now)
    names = zip(("segment", "category", "region", "channel"), one.scope.parts, strict=True)
    scope = " ".join(f"{name}={part}" for name, part in names if part) or "everybody"
    live = f"v{holding.no} since {holding.since:%Y-%m-%d %H:%M}" if holding else "not in force"
    return f"{one.code}  {one.point or '-'}  {scope}  {live}  ({versions} versions)"


def export_command(database: Database, code: str, version: int | None) -> int:
    """The DMN file of a version, byte for byte, on standard output; of the one in force where none is named."""

    def read(reader: Reader) -> bytes:
        one = sets_by_code(reader, [code]).get(code)
        if one is None:
            raise Refused([errors.unknown_set(code)])
        holding = in_force(lineages(reader, [one.id])[one.id].periods, reader.now)
        number = version or (holding.no if holding else None)
        if number is None:
            raise Refused([errors.nothing_in_force(code)])
        content = content_of(reader, one.id, number)
        if content is None:
            raise Refused([errors.unknown_version(number)])
        return content.source

    source = database.read(read)
    sys.stdout.flush()
    sys.stdout.buffer.write(source)
    return 0
