"""Structured logs: one JSON object a line on standard error, with secrets taken out of the finished line."""

import json
import logging
import re
import sys
from datetime import UTC, datetime
from typing import TextIO

_SECRETS = (
    (re.compile(r"\b(tw_[A-Za-z0-9]{4,16}_|tws_)[A-Za-z0-9_-]{16,}"), r"\1***"),
    (re.compile(r"(://[^:/@\s\"]*:)[^@/\s\"]+(@)"), r"\1***\2"),
    (re.compile(r"(?i)(\b(?:bearer|basic) )[A-Za-z0-9._~+/=-]{6,}"), r"\1***"),
    (re.compile(r"(?i)(password\\?[\"']?\s*[=:]\s*\\?[\"']?)[^\s\"'\\,&}]+"), r"\1***"),
    (re.compile(r"\$argon2[\w$=,+/.-]+"), "$argon2***"),
)
_SIGNS = ("tw_", "tws_", "://", "bearer ", "basic ", "password", "argon2")  # cheaper to look for than the patterns
_ENCODER = json.JSONEncoder(ensure_ascii=False, default=str)
_OWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}


def redact(text: str) -> str:
    """The text without API keys, session tokens, passwords and password hashes."""
    lower = text.lower()
    if not any(sign in lower for sign in _SIGNS):
        return text
    for pattern, instead in _SECRETS:
        text = pattern.sub(instead, text)
    return text


class JsonFormatter(logging.Formatter):
    """One record as one line; what was passed as `extra` become members."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "process": record.process,
        }
        line.update({name: value for name, value in vars(record).items() if name not in _OWN})
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return redact(_ENCODER.encode(line))


def setup_logs(level: str, stream: TextIO | None = None) -> None:
    """Every logger of this process writes JSON lines of at least `level` to `stream` (standard error)."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    logging.getLogger("uvicorn").setLevel(max(logging.WARNING, root.level))
    logging.getLogger("alembic").setLevel(logging.WARNING)
    logging.raiseExceptions = False  # a closed pipe must not end a server
