"""Which of our ship-tos a buyer's document means: by what they call it, by its code, or by an address that can be no other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from tradewind.channels.decide.x12.documents import Party
from tradewind.kernel.problem import Problem


@dataclass(frozen=True, slots=True)
class KnownPlace:
    """A ship-to of the account."""

    code: str
    name: str
    street: str = ""
    city: str = ""
    postal_code: str = ""


def place_meant(
    location: str | None, party: Party | None, known: Sequence[KnownPlace], names: Mapping[str, str]
) -> str | Problem | None:
    """The code of the place; None where the document names none, so that the account's default is meant.

    `location` is the number it is called by, `names` are their numbers for our codes.
    """
    codes = {one.code for one in known}
    if location:
        called = names.get(location, location)
        if called in codes:
            return called
    if party is None or not (party.name or party.street or party.postal_code):
        return _unknown(location, known) if location else None
    found = _by_address(party, known)
    if not found and not location and party.name:
        found = [one for one in known if _plain(one.name) == _plain(party.name)]
    return found[0].code if len(found) == 1 else _unknown(location or party.name or party.postal_code, known)


def _by_address(party: Party, known: Sequence[KnownPlace]) -> list[KnownPlace]:
    """Street and postal code are both the same; the five digits of a longer US code do."""
    street = _plain(party.street[0]) if party.street else ""
    code = _plain(party.postal_code)
    if not street or not code:
        return []
    return [
        one
        for one in known
        if _plain(one.street) == street and (_plain(one.postal_code) == code or _plain(one.postal_code) == code[:5])
    ]


def _unknown(text: str | None, known: Sequence[KnownPlace]) -> Problem:
    near = get_close_matches(text or "", [one.code for one in known], 3, 0.4) or [one.code for one in known[:5]]
    return Problem(
        "channels.unknown_ship_to",
        f"Nobody knows where {text} is.",
        "N1*ST",
        422,
        {"did_you_mean": near} if near else {},
    )


def _plain(text: str | None) -> str:
    return "".join(one for one in (text or "").upper() if one.isalnum())
