"""The templates that are shipped: a folder each beside this package, its picture the one of the stream it is for."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from tradewind.kernel.problem import Problem
from tradewind.library.decide.files import read_parts
from tradewind.library.model import Template

CODES = (
    "order_to_release",
    "goods_to_release",
    "shipment_to_invoice",
    "invoice_to_cash",
    "quote_to_order",
    "dunning",
    "return_to_credit",
)


@cache
def shipped() -> Mapping[str, Template]:
    """Every shipped template by its code."""
    return MappingProxyType({code: _read(code) for code in CODES})


def _read(code: str) -> Template:
    folder = files("tradewind.library").joinpath("templates", code)
    parts = {"stream.bpmn": files("tradewind.streams").joinpath(f"{code}.bpmn").read_bytes()}
    for name in ("template.json", "sample.json"):
        part = folder.joinpath(name)
        if part.is_file():
            parts[name] = part.read_bytes()
    found = read_parts(parts)
    if isinstance(found, Problem):
        raise ValueError(f"{code}: {found.message}")
    return found
