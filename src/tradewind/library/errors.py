"""What is refused, by name."""

from collections.abc import Sequence

from tradewind.kernel.problem import Problem


def unknown_template(code: str) -> Problem:
    return Problem("library.unknown_template", f"There is no template {code}.", status=404)


def bad_file(why: str, where: str = "") -> Problem:
    """A file that is no template."""
    return Problem("library.bad_file", f"The file is no template: {why}.", where)


def misses(needs: Sequence[str]) -> Problem:
    """What the template needs and this company has not."""
    return Problem("library.needs_what_is_not_here", f"The template needs what is not here: {', '.join(needs)}.", "/needs", 409,
                   {"missing": list(needs)})  # fmt: skip


def version_known(code: str, version: int) -> Problem:
    return Problem(
        "library.version_known", f"Version {version} of {code} is here already, with other content.", "/version", 409
    )


def nothing_new(code: str) -> Problem:
    return Problem("library.nothing_new", f"There is nothing newer of {code}.", status=409)


def undecided(ids: Sequence[str]) -> Problem:
    """Elements that were changed here and in the template; somebody has to choose."""
    return Problem(
        "library.undecided", f"Say mine or theirs for: {', '.join(ids)}.", "/choices", 409, {"elements": list(ids)}
    )


def unknown_parameter(name: str) -> Problem:
    return Problem("library.unknown_parameter", f"The template has no parameter {name}.", f"/parameters/{name}")


def cannot_merge(why: str) -> Problem:
    """The merged picture does not hold together."""
    return Problem("library.cannot_merge", f"{why}.", "/choices", 409)
