"""Templates as files: shipped ones are whole, one file holds one, and what is none is refused."""

import io
import json
import zipfile
from pathlib import Path

import pytest

from tradewind.kernel.problem import Problem
from tradewind.library.commands import missing
from tradewind.library.decide.files import PARTS, pack, read_parts, unpack
from tradewind.library.model import Template
from tradewind.library.shipped import CODES, shipped

ROOT = Path(__file__).resolve().parents[2]


def archive(**parts: bytes) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, data in parts.items():
            zipped.writestr(name.replace("__", "."), data)
    return written.getvalue()


def said(**more: object) -> bytes:
    whole = {"code": "x", "version": 1, "name": "X", "owner": "O", "summary": [], "stream": "order_to_release"}
    return json.dumps({**whole, **more}).encode()


KPI = {"code": "k", "title": "K", "measure": "cycle_hours", "target": "1", "better": "less"}


@pytest.mark.parametrize("code", CODES)
def test_a_shipped_template_is_whole(code):
    template = shipped()[code]

    assert missing(template) == ()
    assert template.owner
    assert template.summary
    assert template.kpis
    assert (ROOT / template.story).is_file()


@pytest.mark.parametrize("code", CODES)
def test_a_template_is_one_file_and_the_same_one_again(code):
    packed = pack(shipped()[code])

    assert unpack(packed) == shipped()[code]
    assert pack(shipped()[code]) == packed


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"no zip", "it is no ZIP that can be read: File is not a zip file"),
        (archive(), "template.json is missing"),
        (archive(template__json=b"{}"), "stream.bpmn is missing"),
        (archive(template__json=b"[]", stream__bpmn=b"x"), "template.json is not an object"),
        (archive(template__json=b'{"colour": 1}', stream__bpmn=b"x"), "template.json says colour, which nobody knows"),
        (archive(template__json=b'{"code": "a"}', stream__bpmn=b"x"), "template.json cannot be read: KeyError 'version'"),
        (archive(template__json=b'{"code": "A B", "version": 1}', stream__bpmn=b"x"),
         "a template has a code of small letters and a version from 1 on"),
        (archive(other=b"x"), f"a template holds {', '.join(PARTS)} and nothing else, not ['other']"),
        (archive(stream__bpmn=b"0" * (5 << 20)), "a template holds at most 4 MB"),
        (archive(template__json=said(), stream__bpmn="é".encode("latin-1")), "stream.bpmn is not UTF-8: byte 0"),
        (archive(template__json=said(name="a\0b"), stream__bpmn=b"x"), "template.json has a text with the character of code 0"),
        (archive(template__json=said(summary="abc"), stream__bpmn=b"x"), "the summary of a template is a list of sentences"),
        (archive(template__json=said(version=10**12), stream__bpmn=b"x"),
         "a template has a code of small letters and a version from 1 on"),
        (archive(template__json=said(name="x" * 201), stream__bpmn=b"x"),
         "template.json says too much: a name has at most 200 characters"),
        (archive(template__json=said(kpis=[KPI] * 51), stream__bpmn=b"x"), "template.json says too much: at most 50 measures"),
        (archive(template__json=said(kpis=[{**KPI, "target": "NaN"}]), stream__bpmn=b"x"),
         "template.json cannot be read: ValueError a KPI has a target between -1000000 and 1000000"),
    ],
)  # fmt: skip
def test_what_is_no_template_is_refused_with_its_reason(data, message):
    found = unpack(data)

    assert isinstance(found, Problem)
    assert (found.code, found.message) == ("library.bad_file", f"The file is no template: {message}.")


def test_a_damaged_file_and_half_a_character_are_refused():
    packed = pack(shipped()["order_to_release"])
    damaged = packed[:60] + bytes(255 - one for one in packed[60:400]) + packed[400:]

    for data in (damaged, archive(template__json=said(name="\ud800"), stream__bpmn=b"x")):
        found = unpack(data)
        assert isinstance(found, Problem)
        assert found.code == "library.bad_file"


def test_a_nul_that_is_only_written_about_is_taken():
    found = unpack(archive(template__json=said(name="a\\u0000b"), stream__bpmn=b"x"))

    assert isinstance(found, Template)
    assert found.name == "a\\u0000b"


def test_what_a_template_needs_and_is_not_here_is_named():
    parts = {
        "template.json": b'{"code": "x", "version": 1, "name": "X", "owner": "O", "summary": [], "stream": "shipment_to_invoice",'
        b' "needs": {"roles": ["pilot"], "connectors": ["fax"], "decision_points": ["order.colour"]}}',
        "stream.bpmn": shipped()["order_to_release"].bpmn,
    }
    template = read_parts(parts)
    assert isinstance(template, Template)

    found = missing(template)

    assert found[:3] == ("role pilot", "connector fax", "decision point order.colour")
    assert "orders.assess" in found[3]
