"""Templates as files: a folder that is shipped, or one file (a ZIP) that goes from company to company. Pure, bounded."""

import io
import json
import re
import zipfile
import zlib
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from tradewind.kernel.problem import Problem
from tradewind.library import errors
from tradewind.library.model import Kpi, Measure, Needs, Parameter, Template

MOST_BYTES = 4 << 20
PARTS = ("template.json", "stream.bpmn", "sample.json")
MOST_KPIS, MOST_NAMES, LONGEST, LONGEST_NAME = 50, 100, 2_000, 200
NEWEST = MOST_TARGET = 1_000_000
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
_CODE = re.compile(r"[a-z][a-z0-9_]{0,59}\Z")
_STAMP = (1980, 1, 1, 0, 0, 0)  # so that the same template gives the same bytes
_KEYS = frozenset(
    {"code", "version", "name", "owner", "summary", "stream", "story", "parameters", "timeouts", "needs", "kpis"}
)


def read_parts(parts: Mapping[str, bytes]) -> Template | Problem:
    """A template of its parts: `template.json`, `stream.bpmn` and, where it has samples, `sample.json`."""
    for name in PARTS[:2]:
        if name not in parts:
            return errors.bad_file(f"{name} is missing")
    said, sample = _json(parts, "template.json"), _json(parts, "sample.json")
    if isinstance(said, Problem) or isinstance(sample, Problem):
        return said if isinstance(said, Problem) else sample
    if unknown := sorted(set(said) - _KEYS):
        return errors.bad_file(f"template.json says {', '.join(unknown)}, which nobody knows")
    try:
        parts["stream.bpmn"].decode()
    except UnicodeDecodeError as reason:
        return errors.bad_file(f"stream.bpmn is not UTF-8: byte {reason.start}")
    try:
        found = _template(said, parts["stream.bpmn"], sample)
    except (KeyError, TypeError, ValueError, InvalidOperation, AttributeError) as reason:
        return errors.bad_file(f"template.json cannot be read: {type(reason).__name__} {reason}")
    if isinstance(found, Template) and (much := _too_much(found)):
        return errors.bad_file(f"template.json says too much: {much}")
    return found


def _too_much(found: Template) -> str:
    """What a template has more of than anybody reads; each measure is asked of the database."""
    counts = {"measures": (len(found.kpis), MOST_KPIS), "parameters": (len(found.parameters), MOST_NAMES),
              "timeouts": (len(found.timeouts), MOST_KPIS * 4), "sentences": (len(found.summary), MOST_NAMES)}  # fmt: skip
    over = [f"at most {most} {what}" for what, (count, most) in counts.items() if count > most]
    names = (found.name, found.owner, found.stream, found.story, *(one.name for one in found.parameters),
             *(text for one in found.kpis for text in (one.code, one.title)))  # fmt: skip
    texts = (*found.summary, *(one.meaning for one in found.parameters))
    over += [f"a name has at most {LONGEST_NAME} characters"] * any(len(one) > LONGEST_NAME for one in names)
    over += [f"a sentence has at most {LONGEST} characters"] * any(len(one) > LONGEST for one in texts)
    return ", ".join(over)


def _json(parts: Mapping[str, bytes], name: str) -> Any:
    try:
        found = json.loads(parts.get(name, b"{}"), parse_float=Decimal)
        if _NUL.search(_text(found).decode()):  # writing it finds halves of characters, too
            return errors.bad_file(f"{name} has a text with the character of code 0")
    except (ValueError, RecursionError) as reason:
        return errors.bad_file(f"{name} is not JSON: {reason}")
    return found if isinstance(found, dict) else errors.bad_file(f"{name} is not an object")


def _template(said: Mapping[str, Any], bpmn: bytes, sample: Mapping[str, Any]) -> Template | Problem:
    code, version = str(said["code"]), said["version"]
    if not _CODE.match(code) or type(version) is not int or not 1 <= version <= NEWEST:
        return errors.bad_file("a template has a code of small letters and a version from 1 on")
    if not isinstance(said["summary"], list):
        return errors.bad_file("the summary of a template is a list of sentences")
    needs = said.get("needs") or {}
    return Template(
        code,
        version,
        str(said["name"]),
        str(said["owner"]),
        tuple(map(str, said["summary"])),
        str(said["stream"]),
        str(said.get("story") or ""),
        bpmn,
        tuple(Parameter(str(one["name"]), str(one["meaning"]), one["default"]) for one in said.get("parameters") or ()),
        {str(element): str(span) for element, span in (said.get("timeouts") or {}).items()},
        Needs(*(tuple(map(str, needs.get(kind) or ())) for kind in ("roles", "connectors", "decision_points"))),
        tuple(_kpi(one) for one in said.get("kpis") or ()),
        sample,
    )


def _kpi(one: Mapping[str, Any]) -> Kpi:
    if one["better"] not in ("less", "more"):
        raise ValueError(f"a KPI is better with less or more, not {one['better']}")
    target = Decimal(str(one["target"]))
    if not target.is_finite() or abs(target) >= MOST_TARGET:
        raise ValueError(f"a KPI has a target between -{MOST_TARGET} and {MOST_TARGET}")
    return Kpi(str(one["code"]), str(one["title"]), Measure(one["measure"]), target, one["better"])


def as_parts(template: Template) -> dict[str, bytes]:
    """The parts of a template, as `read_parts` reads them."""
    said = {
        "code": template.code, "version": template.version, "name": template.name, "owner": template.owner,
        "summary": list(template.summary), "stream": template.stream, "story": template.story,
        "parameters": [{"name": one.name, "meaning": one.meaning, "default": one.default} for one in template.parameters],
        "timeouts": dict(template.timeouts),
        "needs": {"roles": list(template.needs.roles), "connectors": list(template.needs.connectors),
                  "decision_points": list(template.needs.decision_points)},
        "kpis": [{"code": one.code, "title": one.title, "measure": one.measure.value, "target": str(one.target), "better": one.better}
                 for one in template.kpis],
    }  # fmt: skip
    parts = {"template.json": _text(said), "stream.bpmn": template.bpmn}
    return {**parts, "sample.json": _text(template.sample)} if template.sample else parts


def _text(said: Any) -> bytes:
    return (json.dumps(said, indent=1, ensure_ascii=False, default=str) + "\n").encode()


def pack(template: Template) -> bytes:
    """One file; the same template gives the same bytes."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in as_parts(template).items():
            archive.writestr(zipfile.ZipInfo(name, _STAMP), data, zipfile.ZIP_DEFLATED)
    return written.getvalue()


def unpack(data: bytes) -> Template | Problem:
    """The template of one file, or why it is none. Nothing is unpacked beyond what a template may hold."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            if stray := sorted({one.filename for one in entries} - set(PARTS)) or len(entries) > len(PARTS):
                return errors.bad_file(f"a template holds {', '.join(PARTS)} and nothing else, not {stray}")
            if sum(one.file_size for one in entries) > MOST_BYTES:
                return errors.bad_file(f"a template holds at most {MOST_BYTES >> 20} MB")
            if any(one.compress_type not in _METHODS for one in entries):
                return errors.bad_file("its parts are stored or deflated")
            parts: dict[str, bytes] = {}
            for one in entries:
                with archive.open(one) as part:
                    parts[one.filename] = part.read(MOST_BYTES + 1)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError, zlib.error) as reason:
        return errors.bad_file(f"it is no ZIP that can be read: {reason}")
    if sum(map(len, parts.values())) > MOST_BYTES:
        return errors.bad_file(f"a template holds at most {MOST_BYTES >> 20} MB")
    return read_parts(parts)
