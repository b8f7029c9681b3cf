"""Entries, receipts, witness logs and proofs of equivocation (03-log.md)."""

from . import cbor, notes, layout
from .cbor import Codec
from .crypto import H, sha256, verify, verify_domain
from .merkle import MOST_HASHES, ProofError, check_consistency, check_inclusion, leaf_hash


class LogError(Exception):
    """The argument is the reason."""


# the greatest size that a text of C2SP may state (03, Types)
LARGEST = 1 << 62
LONGEST_HEADER, LONGEST_ENTRY, LONGEST_PAYLOAD, LONGEST_STATEMENT, LONGEST_WITNESS_ENTRY = 1024, 1152, 132096, 32768, 187


def _read(kind, data, longest):
    if len(data) > longest:
        raise LogError("too_long")
    try:
        return cbor.parse(kind, data)
    except Codec:
        raise LogError("codec")


def log_origin(node, space_id, epoch):
    """L-6."""
    return "lianzhan/log/" + H("lianzhan/origin/v1", node, space_id, epoch)[:16].hex()


def witness_origin(node, epoch):
    """L-12."""
    return "lianzhan/witness-log/" + H("lianzhan/witness-origin/v1", node, epoch)[:16].hex()


def space_raw(s):
    """The raw value of a descriptor, for its id."""
    out = {1: s["owner"], 2: s["audience"], 3: s["generation"]}
    if s["joint"]:
        out[4] = {1: s["joint"]["orgs"], 2: s["joint"]["travel"], 3: s["joint"]["year"]}
    return out


def space_id(s):
    """P-1."""
    return H("lianzhan/space/v1", cbor.encode(space_raw(s)))


def is_well_formed(s):
    """P-2."""
    if s["audience"] != layout.JOINT:
        return s["joint"] is None
    j = s["joint"]
    return j is not None and 2 <= len(j["orgs"]) <= 64 and all(a < b for a, b in zip(j["orgs"], j["orgs"][1:])) \
        and s["owner"] in j["orgs"] and layout.RANK[j["travel"]] >= layout.RANK[layout.CITY]


class Entry:
    """An entry that passed L-1; `check` asks L-2 to L-4."""

    def __init__(self, data):
        self.raw_header, self.signature = _read(layout.entry, data, LONGEST_ENTRY)
        h = _read(layout.header, self.raw_header, LONGEST_HEADER)
        if h["version"] != 1:
            raise LogError("version")
        if h["size"] > LONGEST_PAYLOAD:
            raise LogError("payload_too_long")
        named = (h["record"] is not None, h["appointment"] is not None)
        if named != ((False, False) if h["kind"] == layout.STATEMENT else (True, True)) \
                or (h["key_commitment"] is not None) != (h["kind"] == layout.SEALED):
            raise LogError("shape")
        self.header, self.bytes = h, data
        self.id = H("lianzhan/change/v1", self.raw_header)
        self.leaf = leaf_hash(data)

    def check_signature(self):
        if not verify_domain("lianzhan/entry/v1", self.header["author"], self.raw_header, self.signature):
            raise LogError("signature")

    def check_place(self, origin, space):
        if self.header["origin"] != origin:
            raise LogError("other_log")
        if self.header["space"] != space:
            raise LogError("other_space")

    def check_payload(self, payload):
        if len(payload) != self.header["size"] or sha256(payload) != self.header["payload"]:
            raise LogError("payload")


def read_start_payload(payload):
    """The LogStart that is the payload of an entry 0, of whatever version."""
    kind, items = _read(layout.log_statement, payload, LONGEST_STATEMENT)
    if kind != 1:
        raise LogError("start")
    start = items[0]
    start["space_id"] = space_id(start["space"])
    start["origin"] = log_origin(start["node"], start["space_id"], start["epoch"])
    return start


def check_start(e, start):
    """L-5 for entry 0: written by the log's node, with earlier logs in order."""
    earlier = start["earlier"]
    if e.header["kind"] != layout.STATEMENT or e.header["author"] != start["node"] or earlier is not None \
            and (not 1 <= len(earlier) <= 256 or any(a[0] >= b[0] for a, b in zip(earlier, earlier[1:]))):
        raise LogError("statement")


def read_receipt(data):
    """The parsed receipt; canonical, at most 32,768 bytes."""
    r = _read(layout.receipt, data, LONGEST_STATEMENT)
    r["bytes"] = data
    return r


def read_receipt_of(data):
    """L-16a: the log that a receipt in another log covers, and the receipt."""
    kind, items = _read(layout.log_statement, data, LONGEST_STATEMENT)
    if kind != 7:
        raise LogError("other")
    return items[0]["origin"], items[0]["receipt"]


def witness_leaf(origin, size, root, time_s):
    return leaf_hash(cbor.encode({1: origin, 2: size, 3: root, 4: time_s}))


def check_receipt(r, origin, node):
    """L-13 without its last sentence."""
    if max(r["size"], r["witness_size"]) > LARGEST:
        raise LogError("signature")
    text = notes.checkpoint_text(origin, r["size"], r["root"])
    theirs = notes.checkpoint_text(r["witness_origin"], r["witness_size"], r["witness_root"])
    if not verify(node, text.encode(), r["log_signature"]) \
            or not verify(r["witness"], notes.cosigned_text(r["time_s"], text).encode(), r["cosignature"]) \
            or not verify(r["witness_node"], theirs.encode(), r["witness_signature"]):
        raise LogError("signature")
    if r["witness_origin"] != witness_origin(r["witness_node"], r["witness_epoch"]):
        raise LogError("origin")
    try:
        check_inclusion(r["witness_index"], r["witness_size"], witness_leaf(origin, r["size"], r["root"], r["time_s"]),
                        r["proof"], r["witness_root"])
    except ProofError:
        raise LogError("proof")


def read_witness_entry(data):
    return _read(layout.witness_entry, data, LONGEST_WITNESS_ENTRY)


def check_equivocation(data):
    """L-19: origin and the most entries that the two histories have in common."""
    e = _read(layout.equivocation, data, LONGEST_STATEMENT)
    node = e["node"]
    origin = witness_origin(node, e["epoch"]) if e["space"] is None else log_origin(node, e["space"], e["epoch"])
    kind, items = e["evidence"]
    try:
        return origin, (_roots, _rewritten, _leaves)[kind - 1](origin, node, *items)
    except ProofError:
        raise LogError("proof")


def _check_root(origin, node, stated):
    size, root, signature = stated
    if size > LARGEST or not verify(node, notes.checkpoint_text(origin, size, root).encode(), signature):
        raise LogError("signature")


def _roots(origin, node, one, other):
    if one[0] != other[0] or one[1] >= other[1]:
        raise LogError("agrees")
    _check_root(origin, node, one)
    _check_root(origin, node, other)
    return max(one[0] - 1, 0)


def _rewritten(origin, node, old, new, begins, proof):
    if len(proof) > MOST_HASHES:
        raise LogError("proof")
    if not 0 < old[0] < new[0] or begins == old[1]:
        raise LogError("agrees")
    _check_root(origin, node, old)
    _check_root(origin, node, new)
    check_consistency(old[0], new[0], begins, new[1], proof)
    return old[0] - 1


def _leaves(origin, node, index, one, other):
    if one[0] >= other[0]:
        raise LogError("agrees")
    for leaf, proof, tree in (one, other):
        if len(proof) > MOST_HASHES:
            raise LogError("proof")
        _check_root(origin, node, tree)
        check_inclusion(index, tree[0], leaf, proof, tree[1])
    return index
