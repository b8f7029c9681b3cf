"""Ledger definitions, and what values fit their fields (04-records.md, D-1 to D-3)."""

import os
import re
import unicodedata

from . import cbor, changes, layout
from .crypto import H

_MEMBER = re.compile(r"[a-z0-9_-]{1,64}\Z")


def read_ledger(data):
    d = cbor.parse(layout.ledger, data)
    d["hash"] = H("lianzhan/ledger/v1", data)
    return d


def field_of(ledger, key):
    """The field that a key (without f:) fits, those without set first (D-1); None if there is none."""
    segments = key.split("/")
    for f in ledger["fields"]:
        if not f["set"] and key == f["id"]:
            return f
    for f in ledger["fields"]:
        if not f["set"]:
            continue
        name = f["id"].split("/")
        if len(segments) == 1 + len(name) and segments[0] == name[0] and _MEMBER.match(segments[1]) \
                and segments[2:] == name[1:]:
            return f
    return None


def _is_text(value, newline):
    """Not blank, without control characters but those that are allowed."""
    return isinstance(value, str) and not layout.blank(value) and \
        not any(unicodedata.category(c) == "Cc" and not (newline and c in "\n\t") for c in value)


def field_fits(ledger, key, value):
    """D-2, D-3 for a put of `f:` + key."""
    if key.startswith("annex/"):
        return key[6:] in ledger["annexes"] and isinstance(value, bytes) and len(value) == 32
    f = field_of(ledger, key)
    if f is None:
        return False
    if value is None:
        return True
    kind, items = f["kind"]
    is_int = type(value) is int
    is_text = isinstance(value, str)
    if kind == 1:
        return _is_text(value, False) and len(value) <= 200
    if kind == 2:
        return _is_text(value, True) and len(value.encode()) <= 16000
    if kind == 3:
        return is_int and items[1] <= value <= items[2]
    if kind == 4:
        return is_int
    if kind == 5:
        return type(value) is bool
    if kind == 6:
        return is_text and changes.is_date(value)
    if kind == 7:
        return is_text and changes.is_instant(value)
    if kind == 8:
        return is_text and any(value == o["id"] for o in f["options"])
    if kind == 9:
        return is_text and bool(re.fullmatch(r"[0-9a-f]{32}", value))
    if kind == 10:
        return is_text and bool(re.fullmatch(r"[0-9]+", value)) and len(value) in (2, 4, 6, 9, 12)
    return isinstance(value, bytes) and len(value) == 32


def load_ledgers(folder):
    """The definitions that this verifier knows, by hash (04, Ledger definitions)."""
    out = {}
    for name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, name), "rb") as file:
            definition = read_ledger(file.read())
        out[definition["hash"]] = definition
    return out
