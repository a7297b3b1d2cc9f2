"""Why a trial is not run."""

from collections.abc import Iterable

from tradewind.kernel.problem import Problem


def nothing_changes() -> Problem:
    """A trial needs something to try."""
    return Problem(
        "trials.nothing_changes", "Say what is changed: a stream, policies, prices, lanes, credit or tables.", "/change"
    )


def unknown(what: str, names: Iterable[str], where: str) -> Problem:
    """Something that the change names is not there."""
    listed = ", ".join(sorted(names))
    return Problem("trials.unknown_name", f"There is no {what} {listed}.", where, detail={"names": sorted(names)})


def other_stream(stream: str, tried: str) -> Problem:
    """Only one stream is played."""
    return Problem(
        "trials.other_stream", f"A trial plays {tried}; {stream} has other subjects.", "/change/stream/stream"
    )


def bad_unit(sku: str, uom: str, where: str) -> Problem:
    """The item has no such unit."""
    return Problem("trials.unknown_unit", f"{sku} has no unit {uom}.", where)


def wrong_tiers(where: str) -> Problem:
    """Prices by quantity go upwards."""
    return Problem("trials.wrong_tiers", "Quantities from which a price counts go upwards, each once.", where)


def unknown_step(name: str) -> Problem:
    """The drafted stream names a step that orders do not have."""
    return Problem("trials.unknown_step", f"Orders have no step {name}.", "/change/stream", detail={"step": name})


def has_effects(name: str) -> Problem:
    """A step cannot be looked at without doing it."""
    return Problem(
        "trials.step_has_effects",
        f"The step {name} cannot be tried without an effect.",
        "/change/stream",
        detail={"step": name},
    )


def no_orders() -> Problem:
    """The selection is empty."""
    return Problem("trials.no_orders", "No order fits the selection.", "/orders")


def over(state: str) -> Problem:
    """It has ended already."""
    return Problem("trials.over", f"The trial is {state}.", status=409)


def given_up(attempts: int) -> Problem:
    """Worker after worker was lost over it."""
    return Problem("trials.given_up", f"It was begun {attempts} times and never finished.", status=500)


def broke(reason: str) -> Problem:
    """Something went wrong that nobody foresaw."""
    return Problem("trials.broke", f"It broke: {reason}", status=500)
