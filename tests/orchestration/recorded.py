"""Recorded histories: what happened to an instance, move by move, and what the build that recorded it made of it.

`python tests/orchestration/recorded.py` records the histories that are not there yet; it never writes one anew. A history
whose replay differs says that a build changed the meaning of streams that run.
"""

import json
import sys
from pathlib import Path
from typing import Any

import test_elements
import test_play
from token_games import MOVES, Game, drawn

from tradewind.kernel.problem import Problem
from tradewind.orchestration.decide.compile import compile_bpmn
from tradewind.orchestration.decide.state_json import to_json, values_to_json
from tradewind.rules.decide.feel import read_expression

HERE = Path(__file__).parent
HISTORIES = HERE / "histories"
STREAMS = HERE.parents[1] / "src" / "tradewind" / "streams"

SHIPPED = {
    "order_to_release": [
        'begin order="SO-1"',
        'done assess groups=[{key:"g1",release_at:@"2026-01-05T08:00:00Z"}]',
        'done take approval_needed=true held=true nothing_left=false reserved_until=@"2026-01-06T08:00:00Z" '
        'approval_remind_at=@"2026-01-05T12:00:00Z" approval_escalate_at=@"2026-01-05T16:00:00Z" '
        'approval_expires_at=@"2026-01-09T08:00:00Z"',
        "after PT4H",
        "fire approval_reminder",
        "done remind",
        "after P1D",
        "fire approval_late",
        "done give_back_meanwhile",
        'done approve by="kim"',
        "done assess",
        "done take approval_needed=false held=true nothing_left=false",
        "message order.cleared SO-1",
        "done assess",
        "done take approval_needed=false held=false nothing_left=false",
        "done confirm",
        "fire release_time",
        "done release left=true",
        "message goods.ready g1",
        "done release left=false",
    ],
    "shipment_to_invoice": [
        'begin shipment="SH-1" answer_due=@"2026-01-06T08:00:00Z"',
        "after P1D",
        "fire silent",
        "message warehouse.answered SH-1",
        "done book shipped=true",
        "done invoice",
    ],
    "invoice_to_cash": [
        'begin invoice="IN-1" due_at=@"2026-02-05T08:00:00Z"',
        "message invoice.settled IN-1",
        "done settle open=true",
        "after P31D",
        "fire due",
        "done mark_overdue",
        "message invoice.settled IN-1",
        "done settle open=false",
    ],
    "goods_to_release": [
        'begin group={key:"g1"}',
        "message goods.ready g1",
        "done release left=true",
        "message goods.ready g1",
        "done release left=false",
    ],
}


def moves_of(table: str) -> list[str]:
    """The lines of a game in which something happens."""
    lines = (line.strip() for line in table.splitlines())
    return [line for line in lines if line and (line.split()[0] in MOVES or line.split()[0] == "after")]


def replay(bpmn: str, moves: list[str]) -> list[dict[str, Any]]:
    """What each move makes: the trail, what is to run and to wait for, what is over, what is sent, where it stands then."""
    report = compile_bpmn(bpmn.encode(), read_expression)
    assert report.graph is not None, (report.unsupported, report.findings)
    game, made = Game(report.graph), []
    for move in moves:
        game.play(move)
        if move.split()[0] != "after":
            made.append({"move": move, **_told(game)})
        else:
            made.append({"move": move})
    return made


def _told(game: Game) -> dict[str, Any]:
    turn = game.last
    assert turn is not None
    if isinstance(turn, Problem):
        return {"refused": turn.code, "where": turn.where}
    return {
        "trail": " ".join(f"{verb[0]}:{node}:{token}" for node, verb, token in turn.trail),
        "run": [[one.token, one.step] for one in turn.run],
        "wait": [[one.token, one.kind, one.name, one.key, one.due and one.due.isoformat()] for one in turn.wait],
        "closed": list(turn.closed),
        "sent": [[one.name, one.key, values_to_json(one.payload)] for one in (*turn.sent, *turn.signals)],
        "raised": [one.code for one in turn.escalated] + ([turn.error.code] if turn.error else []),
        "state": to_json(turn.state),
    }


def sources() -> dict[str, tuple[str, list[str]]]:
    """Name to diagram and moves, of all that is recorded."""
    found = {name: ((STREAMS / f"{name}.bpmn").read_text(), moves) for name, moves in SHIPPED.items()}
    for kind, games in (("basics", test_play.GAMES), ("elements", test_elements.GAMES)):
        for name, (drawing, table) in games.items():
            found[f"{kind}/{name}"] = (drawn(drawing).decode(), moves_of(table))
    return found


def record() -> int:
    """Write the histories that are missing; gives how many."""
    HISTORIES.mkdir(exist_ok=True)
    books: dict[str, dict[str, Any]] = {}
    new = 0
    for name, (bpmn, moves) in sources().items():
        book, _, title = name.rpartition("/")
        file = HISTORIES / f"{book or title}.json"
        if file.name not in books:
            books[file.name] = json.loads(file.read_text()) if file.exists() else {}
        if title not in books[file.name]:
            books[file.name][title] = {"bpmn": bpmn, "history": replay(bpmn, moves)}
            new += 1
    for name, book in books.items():
        (HISTORIES / name).write_text(json.dumps(book, indent=1, ensure_ascii=False, sort_keys=True) + "\n")
    return new


if __name__ == "__main__":
    sys.stdout.write(f"{record()} recorded\n")
