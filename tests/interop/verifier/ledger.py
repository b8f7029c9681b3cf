"""Ledger definitions, and what values fit their fields (04-records.md, D-1 to D-3)."""

import datetime
import os
import re
import unicodedata

from . import cbor, changes, layout
from .cbor import Codec, arrayof, int64
from .crypto import H

STRUCT = 12

_MEMBER = re.compile(r"[a-z0-9_-]{1,64}\Z")


def read_ledger(data):
    d = cbor.parse(layout.ledger, data)
    d["hash"], d["bytes"] = H("lianzhan/ledger/v1", data), data
    return d


def place_of(ledger, key):
    """The field that a key (without f:) fits, those with one key first, its member and part (D-1); None without one."""
    segments = key.split("/")
    fields = [f for f in ledger["fields"] if f["kind"][0] != STRUCT]
    for f in fields:
        if not f["set"] and not f["many"] and key == f["id"]:
            return f, None, None
    for f in fields:
        if not f["set"] and not f["many"]:
            continue
        name, *of = f["id"].split("/")
        pattern = [name] + [_MEMBER] * f["set"] + of + [_MEMBER] * f["many"]
        if len(pattern) == len(segments) \
                and all(s == p if isinstance(p, str) else p.match(s) for p, s in zip(pattern, segments)) \
                and (not f["set"] or f["keys"] is None or _named(f["keys"], segments[1])):
            return f, segments[1] if f["set"] else None, segments[-1] if f["many"] else None
    return None


def _named(keys, member):
    """D-1a: whether a member may have this name."""
    kind, items = keys
    if kind == 2:
        return any(member == option["id"] for option in items[1])
    if kind == 3:
        return bool(re.fullmatch(r"[0-9a-f]{32}", member))
    if kind == 4:
        return _is_code(member)
    return kind != 6 or bool(re.fullmatch(r"[0-9a-f]{64}", member))


def _is_code(text):
    return bool(re.fullmatch(r"[0-9]+", text)) and len(text) in (2, 4, 6, 9, 12)


def _is_week(text):
    """YYYY-Www of ISO 8601, from 1900 on."""
    if not re.fullmatch(r"[0-9]{4}-W[0-9]{2}", text) or int(text[:4]) < 1900:
        return False
    try:
        return bool(datetime.date.fromisocalendar(int(text[:4]), int(text[6:]), 1))
    except ValueError:
        return False


def _is_geo(value):
    try:
        lat, lon = cbor.parse(arrayof(int64, int64), value)
    except Codec:
        return False
    return abs(lat) <= 90_000_000 and abs(lon) <= 180_000_000


def _is_text(value, newline):
    """Not blank, without control characters but those that are allowed."""
    return isinstance(value, str) and not layout.blank(value) and \
        not any(unicodedata.category(c) == "Cc" and not (newline and c in "\n\t") for c in value)


def field_fits(ledger, key, value):
    """D-2, D-3 for a put of `f:` + key."""
    if key.startswith("annex/"):
        return key[6:] in ledger["annexes"] and isinstance(value, bytes) and len(value) == 32
    place = place_of(ledger, key)
    return place is not None and value_fits(place[0], value)


def value_fits(f, value):
    """D-3 for a field."""
    if value is None:
        return True
    kind, items = f["kind"]
    is_int = type(value) is int
    is_text = isinstance(value, str)
    if kind == 1:
        return _is_text(value, False) and len(value) <= (f["max"] or 200)
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
        return is_text and _is_code(value)
    if kind == 13:
        return is_text and re.fullmatch(r"[0-9]{4}-[0-9]{2}", value) is not None and changes.is_date(value + "-01")
    if kind == 14:
        return is_text and _is_week(value)
    if kind == 16:
        return is_text and bool(re.fullmatch(r"[0-9a-f]{32}", value))
    is_bytes = isinstance(value, bytes)
    if kind == 15:
        return is_bytes and _is_geo(value)
    return is_bytes and (len(value) == 32 if kind == 11 else len(value) > 0)


def load_ledgers(folder):
    """The definitions that this verifier knows, by hash (04, Ledger definitions)."""
    out = {}
    for name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, name), "rb") as file:
            definition = read_ledger(file.read())
        out[definition["hash"]] = definition
    return out
