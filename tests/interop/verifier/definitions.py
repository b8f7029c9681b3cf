"""Ledgers and fields that orgs add (09-notices.md, N-4 to N-9)."""

import re
import unicodedata

from . import cbor, layout
from .cbor import Codec
from .crypto import H
from .layout import blank
from .ledger import read_ledger

LEDGER = "ledger_definition"
LONGEST, MOST_FIELDS, MOST_OF_LEDGER, MOST_OPTIONS, MOST_OF_ORG = 15360, 40, 200, 60, 128
STR, INT, DEC, ENUM, REF, STRUCT, GEO, RID, DATA = 1, 3, 4, 8, 9, 12, 15, 16, 17
TAKEN = {"record", "owner", "recorded", "unwitnessed", "pending", "refused", "annex"}
LEVELS_THAT_ADD, OFFICE = (3, 4), 14
PERSONAL, SENSITIVE, REQUIRED, LEDGER_OF_ITS_OWN = 3, 4, 1, 1

_NAME = re.compile(r"[a-z][a-z0-9_]{0,23}\Z")
_TARGET = re.compile(r"\*\Z|[a-z0-9_]{1,64}\Z")


class DefinitionError(Exception):
    """The argument is the reason."""


def _is_label(text):
    hidden = "\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e"
    return 0 < len(text) <= 40 and not blank(text[0]) and not blank(text[-1]) \
        and not any(c in hidden or unicodedata.category(c) == "Cc" for c in text)


def read_added(data, org):
    """N-5: (number, items) of what an org may add, or the reason."""
    try:
        number, items = cbor.parse(layout.added, data, LONGEST)
    except Codec:
        raise DefinitionError("bytes")
    prefix = f"x_{org.hex()}_"
    own = number == LEDGER_OF_ITS_OWN
    if own:
        _check_ledger(items[0], prefix)
    fields = items[0]["fields"] if own else items[1]
    if not 1 <= len(fields) <= MOST_FIELDS:
        raise DefinitionError("count")
    ids, labels = set(), set()
    for f in fields:
        _check_field(f, "" if own else prefix, not own)
        if f["id"] in ids:
            raise DefinitionError("name")
        if f["zh"] in labels:
            raise DefinitionError("label")
        ids.add(f["id"])
        labels.add(f["zh"])
    return number, items


def _is_named(text, prefix):
    return text.startswith(prefix) and bool(_NAME.match(text[len(prefix):]))


def _check_ledger(d, prefix):
    if not _is_named(d["id"], prefix) or d["rev"] != 1:
        raise DefinitionError("name")
    if not _is_label(d["zh"]) or not _is_label(d["en"]):
        raise DefinitionError("label")
    if not 1 <= d["audience"] <= layout.CITY_AUDIENCE or not d["writers"] or len(set(d["writers"])) < len(d["writers"]):
        raise DefinitionError("audience")
    if d["annexes"] or d["events"] or d["rules"] or d["also"] or d["travel"] is not None:
        raise DefinitionError("kind")


def _check_field(f, prefix, later):
    if not _is_named(f["id"], prefix) or f["id"] in TAKEN:
        raise DefinitionError("name")
    if not _is_label(f["zh"]) or not _is_label(f["en"]):
        raise DefinitionError("label")
    if f["sensitivity"] in (PERSONAL, SENSITIVE) or later and f["required"] == REQUIRED:
        raise DefinitionError("reach")
    plain = not (f["once"] or f["auto"] or f["many"] or f["when"] or f["keys"])
    if not plain or not _is_bounded(f) or not _has_options(f):
        raise DefinitionError("kind")


def _is_bounded(f):
    kind, items = f["kind"]
    if f["max"] is not None and not (kind == STR and 1 <= f["max"] <= 200):
        return False
    if kind == INT:
        return items[1] <= items[2]
    if kind == DEC:
        return items[1] <= 6
    if kind == REF:
        targets = [target for target in items[1].split(",") if target]
        return 1 <= len(targets) <= 4 and all(_TARGET.match(target) for target in targets)
    return kind not in (STRUCT, GEO, RID, DATA)


def _has_options(f):
    options = f["options"]
    if f["kind"][0] != ENUM:
        return not options
    ids = [o["id"] for o in options]
    return 1 <= len(ids) <= MOST_OPTIONS and len(set(ids)) == len(ids) and all(
        _NAME.match(o["id"]) and _is_label(o["zh"]) and _is_label(o["en"]) and o["valid_from"] is None
        and o["valid_to"] is None for o in options)


def composed(data, base):
    """N-6: the definition that good bytes make, over the one that they name as base; None where they make none."""
    number, items = cbor.decode(data)
    if number == LEDGER_OF_ITS_OWN:
        return read_ledger(cbor.encode(items[0]))
    raw = cbor.decode(base["bytes"])
    raw[2] = min(raw[2] + 1, cbor.U32)
    raw[8] = raw[8] + items[1]
    ids = [f[1] for f in raw[8]]
    if len(set(ids)) < len(ids) or len(ids) > MOST_OF_LEDGER:
        return None
    return read_ledger(cbor.encode(raw))


def read_defined(record):
    """N-1, N-2, N-4: what a record defines, or None."""
    return next(filter(None, (_defined_by(record, said) for said in record.beginnings())), None)


def _defined_by(record, said):
    if said.ledger["id"] != LEDGER:
        return None
    by = said.capacity
    if by["org"] != record.owner or by["org_level"] not in LEVELS_THAT_ADD or OFFICE not in by["roles"]:
        return None
    puts = {key: value for key, value, event in said.change["puts"] if event is None}
    body, version = puts.get("f:body"), puts.get("f:version")
    if not isinstance(body, bytes):
        return None
    try:
        number, items = read_added(body, record.owner)
    except DefinitionError:
        return None
    return {"record": record.id, "org": record.owner, "version": version if type(version) is int else 0, "body": body,
            "base": None if number == LEDGER_OF_ITS_OWN else items[0]}


class Definitions:
    """N-6 to N-8. `known` has what was added by hash, `waiting` the records without their base."""

    def __init__(self, program, defined=()):
        self.program, self.known, self.waiting = program, {}, []
        left, of_org = [], {}
        for one in sorted(defined, key=lambda one: one["record"]):
            of_org[one["org"]] = of_org.get(one["org"], 0) + 1
            if of_org[one["org"]] <= MOST_OF_ORG:
                left.append(one)
        before = None
        while before != len(left):
            before = len(left)
            left = [one for one in left if not self._take(one)]
        self.waiting = [one["record"] for one in left]

    def _take(self, one):
        base = None
        if one["base"] is not None:
            base = self.get(one["base"])
            if base is None:
                return False
        definition = composed(one["body"], base)
        if definition is not None:
            there = self.known.setdefault(definition["hash"], {**one, "definition": definition})
            there["version"] = max(there["version"], one["version"])
        return True

    def get(self, digest):
        """The definition with this hash, for F-10."""
        known = self.known.get(digest)
        return self.program.get(digest) or known and known["definition"]

    def judging(self, digest, directory, owner):
        """N-9: the same, where changes in a space of `owner` may name it."""
        known = self.known.get(digest)
        if digest not in self.program and known and known["org"] not in [owner] + directory.above(owner):
            return None
        return self.get(digest)
