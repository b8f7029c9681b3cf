"""Verifies evidence bundles and replays tests/vectors, written from docs/spec alone: the standard library, Ed25519 and
ChaCha20-Poly1305.

    python verifier.py vectors VECTORS_DIRECTORY
    python verifier.py bundle BUNDLE FOUNDING VECTORS_DIRECTORY

Rules are named as the pages number them. Ends with an error at the first thing that differs.
"""

import base64
import hashlib
import hmac
import json
import re
import sys
import unicodedata
from pathlib import Path

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305


class Refused(Exception):
    """Why nothing follows: an identifier."""

    @property
    def reason(self):
        return self.args[0]


def need(condition, reason):
    if not condition:
        raise Refused(reason)


# --- 01: CBOR, in the one form, and types over it -------------------------------------------------------------------------


class Cbor:
    """C-1, C-2: every other form is refused while reading."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count):
        need(self.at + count <= len(self.data), "codec")
        self.at += count
        return self.data[self.at - count : self.at]

    def head(self):
        first = self.take(1)[0]
        major, low = first >> 5, first & 31
        if low < 24:
            return major, low, low
        need(low <= 27, "codec")
        size = 1 << (low - 24)
        value = int.from_bytes(self.take(size), "big")
        least = 24 if size == 1 else 1 << (8 * (size // 2))
        need(major == 7 or value >= least, "codec")
        return major, low, value

    def value(self):
        major, low, n = self.head()
        if major == 0:
            return n
        if major == 1:
            return -1 - n
        if major == 2:
            return self.take(n)
        if major == 3:
            try:
                return self.take(n).decode("utf-8")
            except UnicodeDecodeError:
                raise Refused("codec") from None
        if major == 4:
            return [self.value() for _ in range(n)]
        if major == 5:
            pairs, last = {}, None
            for _ in range(n):
                key = self.value()
                need(type(key) is int and (last is None or order(key) > order(last)), "codec")
                pairs[key] = self.value()
                last = key
            return pairs
        need(major == 7 and low in (20, 21, 22), "codec")
        return {20: False, 21: True, 22: None}[low]


def order(key):
    return (key < 0, abs(key))


def read(data):
    reader = Cbor(data)
    value = reader.value()
    need(reader.at == len(data), "codec")
    return value


def head(major, n):
    if n < 24:
        return bytes([major << 5 | n])
    for low, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if n < 1 << 8 * size:
            return bytes([major << 5 | low]) + n.to_bytes(size, "big")
    raise ValueError(n)


def write(value):
    if value is None or value is True or value is False:
        return {None: b"\xf6", True: b"\xf5", False: b"\xf4"}[value]
    if isinstance(value, int):
        return head(0, value) if value >= 0 else head(1, -1 - value)
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, str):
        return head(3, len(value.encode())) + value.encode()
    if isinstance(value, list):
        return head(4, len(value)) + b"".join(map(write, value))
    return head(5, len(value)) + b"".join(write(key) + write(value[key]) for key in sorted(value))


def uint(bits=64):
    return lambda v: need(type(v) is int and 0 <= v < 1 << bits, "codec")


def integer(v):
    need(type(v) is int and -(1 << 63) <= v < 1 << 63, "codec")


def text(v):
    need(type(v) is str, "codec")


def boolean(v):
    need(type(v) is bool, "codec")


def raw(v):
    need(type(v) is bytes, "codec")


def size(n):
    return lambda v: need(type(v) is bytes and len(v) == n, "codec")


def number(last):
    return lambda v: need(type(v) is int and 1 <= v <= last, "codec")


def one(n):
    return lambda v: need(v == n and type(v) is int, "codec")


def many(item):
    def check(v):
        need(type(v) is list, "codec")
        for each in v:
            item(each)

    return check


def at_most(bound, item):
    def check(v):
        many(item)(v)
        need(len(v) <= bound, "codec")

    return check


def short(bound):
    return lambda v: need(type(v) is str and len(v.encode()) <= bound, "codec")


def table(**keys):
    """C-3: `k1=type`, and `o2=type` for what may be absent."""
    known = {int(name[1:]): (name[0] == "o", kind) for name, kind in keys.items()}

    def check(v):
        need(type(v) is dict and v.keys() <= known.keys(), "codec")
        for key, (optional, kind) in known.items():
            if key in v:
                kind(v[key])
            else:
                need(optional, "codec")

    return check


def items(*kinds, optional=0):
    """C-4."""

    def check(v):
        need(type(v) is list and len(kinds) - optional <= len(v) <= len(kinds), "codec")
        for kind, each in zip(kinds, v):
            kind(each)

    return check


def variant(**cases):
    """C-5."""

    def check(v):
        need(type(v) is list and len(v) == 2 and type(v[0]) is int and f"v{v[0]}" in cases, "codec")
        cases[f"v{v[0]}"](v[1])

    return check


def origin(v):
    need(type(v) is str and re.fullmatch(r"[!-*,-~]{1,128}", v), "codec")


def scalar(v):
    if type(v) is int:
        integer(v)
    else:
        need(v is None or type(v) in (bool, str, bytes), "codec")


P = (1 << 255) - 19
L = (1 << 252) + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


def point(data):
    """The point of 32 bytes, with y below p; none if there is no such point."""
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    if y >= P:
        return None
    u, v = (y * y - 1) % P, (D * y * y + 1) % P
    x = u * pow(v, 3, P) * pow(u * pow(v, 7, P), (P - 5) // 8, P) % P
    if (v * x * x - u) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if (v * x * x - u) % P:
        return None
    return (P - x if x & 1 != sign else x) % P, y


def doubled(p):
    x, y = p
    k = D * x * x * y * y % P
    return 2 * x * y * pow(1 + k, P - 2, P) % P, (y * y + x * x) * pow(1 - k, P - 2, P) % P


def is_weak(p):
    for _ in range(3):
        p = doubled(p)
    return p == (0, 1)


KEYS = {}


def key_bytes(data):
    """C-9."""
    if data not in KEYS:
        found = point(data)
        KEYS[data] = "malformed" if found is None else "weak" if is_weak(found) else None
    need(KEYS[data] is None, KEYS[data])


def key(v):
    items(one(1), size(32))(v)
    try:
        key_bytes(v[1])
    except Refused:
        raise Refused("codec") from None


def signature(v):
    items(one(1), size(64))(v)


VERIFIED = {}


def verify(key, sig, message):
    """C-10; of the rest of the equation RFC 8032 says the same with or without cofactor for what honest keys sign."""
    args = (key, sig, message)
    if args not in VERIFIED:
        r = point(sig[:32])
        good = int.from_bytes(sig[32:], "little") < L and r is not None and not is_weak(r)
        if good:
            try:
                Ed25519PublicKey.from_public_bytes(key).verify(sig, message)
            except InvalidSignature:
                good = False
        VERIFIED[args] = good
    return VERIFIED[args]


def sign_in_domain(key, sig, domain, message):
    """C-11."""
    return verify(key, sig, domain.encode() + b"\0" + message)


def digest(domain, *parts):
    """C-12."""
    return hashlib.sha256(domain.encode() + b"\0" + b"".join(parts)).digest()


def sha(data):
    return hashlib.sha256(data).digest()


def minted_org(parent, org):
    return org[8:] == digest("lianzhan/org-id/v1", parent, org[:8])[:8]


def minted_record(record, space, definition, salt):
    return record[6:] == digest("lianzhan/record-id/v1", record[:6], space, definition, salt)[:10]


WHITE = "\t\n\x0b\x0c\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"


def is_blank(v):
    return not v.strip(WHITE)


def ascends(values):
    return all(a < b for a, b in zip(values, values[1:]))


# --- 02: types ------------------------------------------------------------------------------------------------------------

LEVELS = ["national", "province", "city", "county", "township", "street", "station"]
RANK = [None, 1, 2, 3, 4, 5, 5, 6]
ROLES = """station_liaison opinion_liaison duty_supervisor policy_adviser publicist reform_researcher deputy group_leader
station_head secretary presidium_chair presidium_vice_chair street_chair deputies_office directors_meeting
standing_committee_member congress_secretariat assigner supervision_lead supervision_group_member organiser teller publisher
dept_officer dept_head joint_body_officer administrator auditor""".split()
AUDIENCES = ["local", "township", "county", "city", "summary", "notice", "joint", "directory"]
AUTHORITY, NODE, WITNESS, PERSON = 1, 2, 3, 4

LEVEL, ROLE, ORG_ID = number(7), number(28), size(16)
ORG = table(k1=ORG_ID, o2=ORG_ID, k3=LEVEL, k4=text, k5=text, k6=text)
VALIDITY = table(k1=integer, k2=integer)
MAY_APPOINT = table(k1=many(ROLE), k2=uint(8))
APPOINTMENT = table(
    k1=key, k2=ORG_ID, k3=number(4), k4=many(ROLE), o5=MAY_APPOINT, k6=VALIDITY, k7=text, o8=LEVEL, k9=signature, o10=size(16)
)
FOUNDING = table(k1=uint(32), k2=ORG, k3=many(key), k4=uint(32), k5=key, k6=VALIDITY, k7=MAY_APPOINT)
SUCCESSION = table(
    k1=uint(32), k2=size(32), k3=many(key), k4=uint(32), k5=key, k6=VALIDITY, k7=MAY_APPOINT, k8=many(size(16))
)
JOINT = table(k1=many(ORG_ID), k2=LEVEL, k3=uint(16))
SPACE = table(k1=ORG_ID, k2=number(8), k3=uint(32), o4=JOINT)
GROUND = variant(v1=items(), v2=items(uint(), optional=1))
REVOCATION = table(k1=size(32), k2=GROUND, k3=text, k4=many(items(origin, uint())), k5=many(size(16)))
BODY = variant(
    v1=items(ORG),
    v2=items(APPOINTMENT),
    v3=items(SPACE),
    v4=items(many(ORG_ID)),
    v5=items(REVOCATION),
    v6=items(table(k1=many(size(32)), k2=many(size(32)))),
    v7=items(table(k1=many(LEVEL))),
    v8=items(raw),
)
STATEMENT = table(k1=table(k1=ORG_ID, k2=key, o3=size(32), k4=integer, k5=size(32)), k2=BODY)


def typed(kind, data, longest=None):
    need(longest is None or len(data) <= longest, "too_long")
    value = read(data)
    kind(value)
    return value


def as_reason(reason, call, *args):
    try:
        return call(*args)
    except Refused:
        raise Refused(reason) from None


def check_org(org):
    """What T-7 says of the description alone."""
    names = all(not is_blank(name) and len(name.encode()) <= 200 for name in (org[4], org[5]))
    return names and re.fullmatch(r"[0-9]+", org[6]) and len(org[6]) in (2, 4, 6, 9, 12)


def check_founders(stated):
    founders = [founder[1] for founder in stated[3]]
    need(1 <= len(founders) <= 15 and ascends(founders), "content")
    need(1 <= stated[4] <= len(founders), "content")
    need(stated[6][1] < stated[6][2], "content")


def cose_sign(data, longest):
    need(len(data) <= longest, "too_long")
    array = as_reason("cose", read, data)
    shape = items(one_bytes(b""), one_map, raw, many(items(raw, one_map, raw)))
    as_reason("cose", shape, array)
    for protected, _, _ in array[3]:
        as_reason("cose", typed, table(k1=one_alg, k4=raw), protected)
    return array


def one_bytes(expected):
    return lambda v: need(v == expected and type(v) is bytes, "codec")


def one_map(v):
    need(v == {} and type(v) is dict, "codec")


def one_alg(v):
    need(v == -8, "codec")


def check_signers(array, aad, founders, threshold):
    signers = set()
    for protected, _, sig in array[3]:
        kid = read(protected)[4]
        need(len(kid) == 32, "signature")
        as_reason("signature", key_bytes, kid)
        need(kid in founders and kid not in signers and len(sig) == 64, "signature")
        need(verify(kid, sig, write(["Signature", b"", protected, aad, array[2]])), "signature")
        signers.add(kid)
    need(len(signers) >= threshold, "too_few")


def open_founding(data):
    """T-1: id and content."""
    array = cose_sign(data, 16384)
    founding = as_reason("payload", typed, FOUNDING, array[2])
    need(founding[1] == 1 and 2 not in founding[2] and check_org(founding[2]), "content")
    check_founders(founding)
    check_signers(array, b"lianzhan/founding/v1", [f[1] for f in founding[3]], founding[4])
    return digest("lianzhan/founding-id/v1", array[2]), founding


def open_succession(data, founders, threshold):
    """T-25."""
    array = cose_sign(data, 15360)
    stated = as_reason("payload", typed, SUCCESSION, array[2])
    need(stated[1] == 1, "content")
    check_founders(stated)
    need(len(stated[8]) <= 640 and ascends(stated[8]), "content")
    check_signers(array, b"lianzhan/succession/v1", founders, threshold)
    return digest("lianzhan/succession-id/v1", array[2]), stated


def open_statement(data):
    """T-3: id and content."""
    need(len(data) <= 16384, "too_long")
    array = as_reason("cose", read, data)
    as_reason("cose", items(raw, one_map, raw, raw), array)
    as_reason("cose", typed, table(k1=one_alg), array[0])
    statement = as_reason("payload", typed, STATEMENT, array[2])
    message = write(["Signature1", array[0], b"lianzhan/statement/v1", array[2]])
    need(len(array[3]) == 64 and verify(statement[1][2][1], array[3], message), "signature")
    return digest("lianzhan/statement-id/v1", data), statement


def space_id(space):
    return digest("lianzhan/space/v1", write(space))


def is_well_formed(space):
    """P-2."""
    if 4 not in space:
        return space[2] != 7
    orgs = space[4][1]
    return space[2] == 7 and 2 <= len(orgs) <= 64 and ascends(orgs) and space[1] in orgs and RANK[space[4][2]] >= 3


# --- 02: who may state what -----------------------------------------------------------------------------------------------

PENDING = ("issuer_unknown", "org_unknown", "target_unknown")


def is_pending(fault):
    return fault.split("/")[-1] in PENDING


def is_contested(fault):
    return fault.split("/")[-1] == "contested"


class Directory:
    """All statements, judged in passes (T-24)."""

    def __init__(self, founding_id, founding, statements):
        self.id, self.founding, self.held = founding_id, founding, dict(sorted(statements.items()))
        self.root = founding[2][1]
        self.proved = {}
        self.find_line()
        self.effects = None
        self.judge_all(set())
        misused = self.misused()
        effects = ({}, {}, {})
        for _ in range(224):
            self.effects = effects
            self.judge_all(misused)
            found = self.find_effects()
            if found == effects:
                break
            effects = found
        self.conclude()

    def find_line(self):
        """T-26."""
        f = self.founding
        first = dict(by=self.id, carrier=None, key=f[5][1], validity=f[6], may=f[7], founders=[k[1] for k in f[3]], threshold=f[4], keeps=set())
        self.line, self.not_in_line, waiting = [first], {}, {}
        for name, s in self.held.items():
            if s[2][0] == 8:
                data = s[2][1][0]
                try:
                    stated = typed(SUCCESSION, cose_sign(data, 15360)[2])
                except Refused:
                    self.not_in_line[name] = "succession"
                    continue
                waiting.setdefault(stated[2], []).append((name, s, data))
        while True:
            last, good = self.line[-1], []
            for name, s, data in waiting.pop(last["by"], []):
                try:
                    identity, stated = as_reason("succession", open_succession, data, last["founders"], last["threshold"])
                    need(not self.takes_back(stated), "succession")
                    issuer = s[1]
                    need(issuer[5] == self.id, "other_federation")
                    need(3 not in issuer and issuer[1] == self.root and issuer[2] == stated[5], "not_authority")
                    good.append((identity, name, stated))
                except Refused as refused:
                    self.not_in_line[name] = refused.reason
            if not good:
                break
            good.sort(key=lambda each: each[:2])
            identity, name, stated = good[0]
            for other, its_name, _ in good[1:]:
                if other != identity:
                    self.not_in_line[its_name] = "succession"
            self.line.append(
                dict(by=identity, carrier=name, key=stated[5][1], validity=stated[6], may=stated[7], founders=[k[1] for k in stated[3]], threshold=stated[4], keeps=set(stated[8]))
            )
        for several in waiting.values():
            for name, _, _ in several:
                self.not_in_line[name] = "issuer_unknown"

    def takes_back(self, stated):
        """T-31."""
        terms = [term for term in self.line if term["key"] == stated[5][1]]
        if not terms:
            return False
        (validity, may), (time, gives) = (terms[-1]["validity"], terms[-1]["may"]), (stated[6], stated[7])
        within = time[1] <= validity[1] and validity[2] <= time[2]
        return not (within and set(may[1]) <= set(gives[1]) and may[2] <= gives[2])

    def judge_all(self, misused):
        """T-19: orgs from the root down, then everything."""
        self.second_purpose = misused
        self.orgs, self.memo = {self.root: self.founding[2]}, {}
        described = [(-s[1][4], name, s[2][1][0]) for name, s in self.held.items() if s[2][0] == 1]
        described.sort(key=lambda each: each[:2])
        while True:
            found = {}
            for _, name, org in described:
                if org[1] not in self.orgs and org[1] not in found and self.fault(name) is None:
                    found[org[1]] = org
            if not found:
                break
            self.orgs.update(found)
            self.memo = {name: fault for name, fault in self.memo.items() if fault is None}
        self.faults = {name: fault for name in self.held if (fault := self.fault(name)) is not None}

    def chain(self, name):
        while name in self.held:
            yield name
            name = self.held[name][1].get(3)

    def fault(self, name):
        for each in reversed([each for each in self.chain(name) if each not in self.memo]):
            try:
                self.check(each, self.held[each])
                self.memo[each] = None
            except Refused as refused:
                self.memo[each] = refused.reason
        return self.memo[name]

    def rights(self, issuer):
        """T-5."""
        if 3 not in issuer:
            roots = [root for root in self.line if root["key"] == issuer[2][1]]
            need(roots and issuer[1] == self.root, "not_authority")
            return roots[-1]["may"], roots[-1]["validity"]
        name = issuer[3]
        need(name in self.held, "issuer_unknown")
        above = self.memo[name]
        if above is not None:
            raise Refused(above if above == "issuer_unknown" or above.startswith("issuer/") else "issuer/" + above)
        body = self.held[name][2]
        need(body[0] == 2, "not_authority")
        a = body[1][0]
        need(a[3] == AUTHORITY and 5 in a and a[1] == issuer[2] and a[2] == issuer[1], "not_authority")
        return a[5], a[6]

    def check(self, name, statement):
        issuer, (kind, (body, *_)) = statement[1], statement[2]
        need(issuer[5] == self.id, "other_federation")
        if kind == 8 and name in self.not_in_line:
            raise Refused(self.not_in_line[name])
        may, validity = self.rights(issuer)
        need(self.length(name) <= 16, "content")
        if kind != 8:
            self.check_authority(name, issuer)
        by_root = issuer[1] == self.root
        if kind == 1:
            self.check_description(body, issuer, may)
        elif kind == 2:
            self.check_appointment(name, body, issuer, may, validity)
        elif kind == 3:
            need(body[1] == issuer[1], "out_of_reach")
            need(4 in body and is_well_formed(body), "content")
            need(all(org in self.orgs for org in body[4][1]), "org_unknown")
        elif kind == 4:
            need(by_root, "out_of_reach")
            for org in body:
                need(org in self.orgs, "org_unknown")
                need(self.orgs[org].get(2) == self.root, "out_of_reach")
        elif kind == 5:
            self.check_revocation(name, body, issuer)
        elif kind == 6:
            need(1 <= len(body[1]) + len(body[2]) <= 400 and ascends(body[1]) and ascends(body[2]), "content")
        elif kind == 7:
            need(by_root, "out_of_reach")
            need(ascends([RANK[level] for level in body[1]]), "content")

    def check_description(self, org, issuer, may):
        """T-7."""
        need(check_org(org), "content")
        need(org.get(2) == issuer[1], "out_of_reach")
        need(issuer[1] in self.orgs, "org_unknown")
        need(RANK[org[3]] > RANK[self.orgs[issuer[1]][3]], "content")
        need(may[2] != 0, "depth")
        need(minted_org(issuer[1], org[1]), "content")

    def check_appointment(self, name, a, issuer, may, validity):
        """T-9 to T-14."""
        need(a[2] in self.orgs, "org_unknown")
        own = a[2] == issuer[1]
        need(own or self.orgs[a[2]].get(2) == issuer[1], "out_of_reach")
        need(len(a[7].encode()) <= 120 and ascends(a[4]) and a[1] != issuer[2], "content")
        need(set(a[4]) <= set(may[1]), "role")
        need(validity[1] <= a[6][1] < a[6][2] <= validity[2], "validity")
        need(10 not in a or a[3] == PERSON, "content")
        if a[3] == AUTHORITY:
            need(5 in a and not a[4], "content")
            need(set(a[5][1]) <= set(may[1]) and ascends(a[5][1]), "role")
            need(a[5][2] <= may[2] - (0 if own else 1), "depth")
        else:
            need(5 not in a and (a[3] == PERSON or not a[4]), "content")
        need((8 in a) == (7 in a[4]), "seat")
        if 8 in a:
            need(issuer[1] in self.orgs, "org_unknown")
            by = self.orgs[issuer[1]]
            need(2 not in by or RANK[a[8]] >= RANK[by[3]], "seat")
        if name not in self.proved:
            message = self.id + a[2] + bytes([a[3]])
            self.proved[name] = sign_in_domain(a[1][1], a[9][1], "lianzhan/possession/v1", message)
        need(self.proved[name], "possession")
        need(name not in self.second_purpose, "purpose")

    def misused(self):
        """T-14."""
        standing = [(n, s, s[2][1][0]) for n, s in self.held.items() if s[2][0] == 2 and n not in self.faults]
        first = {}
        for name, s, a in standing:
            found = (s[1][4], name, a[3])
            first[a[1][1]] = min(first.get(a[1][1], found), found)
        for root in self.line:
            first[root["key"]] = (None, None, AUTHORITY)
        return {name for name, _, a in standing if first[a[1][1]][2] != a[3]}

    def length(self, name):
        return len(list(self.chain(name)))

    def above(self, org):
        """The org and all above it."""
        while org in self.orgs:
            yield org
            org = self.orgs[org].get(2)

    def reaches(self, org, length, issuer, target):
        """T-21."""
        return length <= target if org == issuer else org in list(self.above(issuer))[1:]

    def check_authority(self, name, issuer):
        """T-22, T-23, T-27."""
        if self.effects is None:
            return
        tag = name[:16]
        if 3 in issuer:
            contested = any(tag not in r[5] for _, r in self.effects[0].get(issuer[3], []))
        else:
            last = max((n for n, root in enumerate(self.line) if root["key"] == issuer[2][1]), default=-1)
            contested = 0 <= last < len(self.line) - 1 and tag not in self.line[last + 1]["keeps"]
        if contested:
            adopters = self.effects[1].get(name, []) if self.held[name][2][0] != 6 else []
            length = self.length(name)
            need(any(self.reaches(org, l, issuer[1], length) for org, l in adopters), "contested")

    def check_revocation(self, name, r, issuer):
        """T-20."""
        need(not is_blank(r[3]) and len(r[3].encode()) <= 400, "content")
        need(len(r[4]) <= 64 and ascends([cut[0].encode() for cut in r[4]]), "content")
        need(len(r[5]) <= 640 and ascends(r[5]), "content")
        need(r[1] in self.held, "target_unknown")
        target = self.held[r[1]]
        need(target[2][0] == 2, "content")
        need(target[2][1][0][3] == AUTHORITY or not r[5], "content")
        need(target[1][1] in self.orgs, "org_unknown")
        need(self.reaches(issuer[1], self.length(name), target[1][1], self.length(r[1])), "out_of_reach")

    def hit_too(self, name, org, r):
        """T-20a."""
        if r[2][0] != 2:
            return []
        post = self.held[r[1]][2][1][0]
        if org != post[2] and org not in self.above(post[2]):
            return []
        hit = []
        for other, s in self.held.items():
            if s[2][0] == 2 and other != r[1]:
                a = s[2][1][0]
                reached = self.reaches(org, self.length(name), s[1][1], self.length(other))
                if a[1] == post[1] and a[2] == post[2] and (a[3] != AUTHORITY or reached):
                    hit.append(other)
        return hit

    def find_effects(self):
        revoked, adopted, changes = {}, {}, {}
        for name, s in self.held.items():
            if name in self.faults:
                continue
            if s[2][0] == 5:
                r = s[2][1][0]
                for hit in [r[1]] + self.hit_too(name, s[1][1], r):
                    revoked.setdefault(hit, []).append((name, r))
            elif s[2][0] == 6:
                for each in s[2][1][0][2]:
                    adopted.setdefault(each, []).append((s[1][1], self.length(name)))
                for each in s[2][1][0][1]:
                    changes.setdefault(each, []).append((name, s[1][1]))
        return revoked, adopted, changes

    def standing(self, kind):
        return [(n, s, s[2][1][0]) for n, s in self.held.items() if s[2][0] == kind and n not in self.faults]

    def conclude(self):
        self.joint = {space_id(space): space for _, _, space in self.standing(3)}
        latest = lambda all: min(all, key=lambda each: (-each[1][1][4], each[0]), default=None)
        self.policies = {name: policy[1] for name, _, policy in self.standing(7)}
        found = latest(self.standing(7))
        self.policy = found and found[0]
        found = latest(self.standing(4))
        self.root_witnesses = found and found[0]
        self.witnesses = sorted(set(found[2])) if found else None
        self.appointments = {name: a for name, _, a in self.standing(2)}

    def of_key(self, key, purpose, org):
        return [(n, a) for n, a in self.appointments.items() if a[1][1] == key and a[3] == purpose and a[2] == org]

    def revoked(self, name):
        return self.effects[0].get(name, [])

    def revoked_or_above(self):
        """V-4: what a revocation that stands names, and the chain above that."""
        found = set()
        for _, _, revocation in self.standing(5):
            name = revocation[1]
            while name is not None and name in self.held:
                found.add(name)
                name = self.held[name][1].get(3)
        return found

    def adopted(self, change, org):
        above = list(self.above(org))
        return next((name for name, by in self.effects[2].get(change, []) if by in above), None)

    def groups(self, org, policy):
        """T-29; none while the policy is not held."""
        if policy is not None and policy not in self.policies:
            return None
        if org not in self.orgs:
            return []
        parent = self.orgs[org].get(2)
        if parent is None:
            return [self.witnesses] if self.witnesses is not None else []
        groups = [[parent]]
        for level in self.policies.get(policy, []):
            above = next((o for o in self.above(parent) if RANK[self.orgs[o][3]] == RANK[level]), None)
            if above is not None and above != parent:
                groups.append([above])
        return groups

    def may_hold(self, org, space):
        """05."""
        owner = space[1]
        if not is_well_formed(space) or org not in self.orgs or owner not in self.orgs:
            return False
        over = lambda top, below: top in self.above(below)
        up_to = lambda below, level: org == below or (over(org, below) and RANK[self.orgs[org][3]] >= RANK[level])
        held = lambda joint: any(up_to(partner, joint[4][2]) for partner in joint[4][1])
        kind = AUDIENCES[space[2] - 1]
        if kind == "local":
            return org == owner
        if kind in ("township", "county", "city"):
            return up_to(owner, LEVELS.index(kind) + 1)
        if kind == "summary":
            return over(org, owner)
        if kind == "notice":
            return over(owner, org)
        if kind == "joint":
            return space_id(space) in self.joint and held(space)
        lines = [joint for joint in self.joint.values() if held(joint)]
        return over(org, owner) or over(owner, org) or any(over(owner, o) for joint in lines for o in joint[4][1])


def keeps_receipt(revocation, where, index, time_s):
    """L-14."""
    ground = revocation[2]
    early = ground[0] == 1 or (len(ground[1]) == 1 and time_s < ground[1][0])
    return early and any(cut[0] == where and index <= cut[1] for cut in revocation[4])


# --- 03: entries, trees, notes, receipts ------------------------------------------------------------------------------------

HEADER = table(
    k1=uint(32), k2=origin, k3=size(32), k4=number(3), o5=size(16), k6=key, o7=size(32), k8=integer, k9=size(32), k10=uint(32), o11=size(32)
)
START = table(
    k1=uint(32), k2=SPACE, k3=key, k4=ORG_ID, k5=size(16), o6=ORG_ID, o7=size(32), o8=many(items(origin, uint(), size(32)))
)
RECEIPT = table(
    k1=uint(), k2=size(32), k3=signature, k4=key, k5=uint(), k6=signature, k7=origin, k8=uint(), k9=uint(), k10=size(32), k11=key, k12=signature, k13=many(size(32))
)
WITNESS_ENTRY = table(k1=origin, k2=uint(), k3=size(32), k4=uint())
ROOT = items(uint(), size(32), signature)
LEAF = items(size(32), many(size(32)), ROOT)
EQUIVOCATION = table(
    k1=key,
    o2=size(32),
    k3=size(16),
    k4=variant(v1=items(ROOT, ROOT), v2=items(ROOT, ROOT, size(32), many(size(32))), v3=items(uint(), LEAF, LEAF)),
)
LOG_STATEMENT = variant(v1=items(START), v2=items(raw), v3=items(RECEIPT), v4=items(EQUIVOCATION))


class Entry:
    def __init__(self, data):
        """L-1."""
        self.data = data
        outer = typed(items(raw, signature), data, 1152)
        self.header_bytes, self.signature = outer[0], outer[1][1]
        h = self.header = typed(HEADER, self.header_bytes, 1024)
        need(h[1] == 1, "version")
        need(h[10] <= 132096, "payload_too_long")
        statement = h[4] == 2
        need((5 in h) != statement and (7 in h) != statement and (11 in h) == (h[4] == 3), "shape")
        self.id = digest("lianzhan/change/v1", self.header_bytes)
        self.leaf = sha(b"\0" + data)

    def check_signature(self):
        need(sign_in_domain(self.header[6][1], self.signature, "lianzhan/entry/v1", self.header_bytes), "signature")

    def check_place(self, where, space):
        need(self.header[2] == where, "other_log")
        need(self.header[3] == space, "other_space")

    def check_payload(self, payload):
        need(len(payload) == self.header[10] and sha(payload) == self.header[9], "payload")


def log_origin(node, space, epoch):
    return "lianzhan/log/" + digest("lianzhan/origin/v1", node, space, epoch)[:16].hex()


def witness_origin(node, epoch):
    return "lianzhan/witness-log/" + digest("lianzhan/witness-origin/v1", node, epoch)[:16].hex()


def check_inclusion(index, tree_size, leaf, proof, root):
    """RFC 9162, 2.1.3.2."""
    need(index < tree_size, "index_out_of_range")
    fn, sn, r = index, tree_size - 1, leaf
    for p in proof:
        need(sn != 0, "wrong_length")
        if fn & 1 or fn == sn:
            r = sha(b"\1" + p + r)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = sha(b"\1" + r + p)
        fn, sn = fn >> 1, sn >> 1
    need(sn == 0, "wrong_length")
    need(r == root, "root_mismatch")


EMPTY = sha(b"")


def check_consistency(old, new, old_root, new_root, proof):
    """RFC 9162, 2.1.4.2."""
    need(old <= new, "old_is_larger")
    if old in (0, new):
        need(not proof, "wrong_length")
        need(old != 0 or old_root == EMPTY, "old_root_mismatch")
        need(old != new or old_root == new_root, "root_mismatch")
        return
    path = list(proof)
    if old & (old - 1) == 0:
        path.insert(0, old_root)
    need(path, "wrong_length")
    fn, sn = old - 1, new - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = path[0]
    for c in path[1:]:
        need(sn != 0, "wrong_length")
        if fn & 1 or fn == sn:
            fr, sr = sha(b"\1" + c + fr), sha(b"\1" + c + sr)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = sha(b"\1" + sr + c)
        fn, sn = fn >> 1, sn >> 1
    need(sn == 0, "wrong_length")
    need(fr == old_root, "old_root_mismatch")
    need(sr == new_root, "root_mismatch")


def b64(data):
    return base64.b64encode(data).decode()


def unb64(line, reason):
    try:
        data = base64.b64decode(line, validate=True)
    except ValueError:
        raise Refused(reason) from None
    need(b64(data) == line, reason)
    return data


def key_id(name, kind, key):
    return sha(name.encode() + b"\n" + bytes([kind]) + key)[:4]


def parse_note(note):
    """L-9: the text, and (name, id): signature in order."""
    need(len(note.encode()) <= 65536, "too_long")
    need(not re.search("[\x00-\x09\x0b-\x1f]", note), "control_character")
    need("\n\n" in note, "no_signature_block")
    body, block = note.rsplit("\n\n", 1)
    need(block.endswith("\n"), "no_signature_block")
    lines = {}
    for n, line in enumerate(block[:-1].split("\n")):
        need(n < 100, "too_many_signatures")
        parts = line.split(" ")
        need(len(parts) == 3 and parts[0] == "—", "malformed_line")
        data = unb64(parts[2], "malformed_line")
        name = parts[1]
        need(name and "+" not in name and not any(c in WHITE or c < " " for c in name) and len(data) > 4, "malformed_line")
        need((name, data[:4]) not in lines, "duplicate_signature")
        lines[name, data[:4]] = data[4:]
    return body + "\n", lines


def check_note(lines, body, name, key):
    line = lines.get((name, key_id(name, 1, key)))
    need(line is not None, "not_signed_by")
    need(len(line) == 64 and verify(key, line, body.encode()), "bad_signature")


def checkpoint(where, tree_size, root):
    return f"{where}\n{tree_size}\n{b64(root)}\n"


def parse_checkpoint(body):
    lines = body.split("\n")
    need(len(lines) == 4 and lines[3] == "", "not_three_lines")
    as_reason("bad_origin", origin, lines[0])
    need(re.fullmatch("0|[1-9][0-9]*", lines[1]) and int(lines[1]) <= 1 << 62, "bad_size")
    root = unb64(lines[2], "bad_root")
    need(len(root) == 32, "bad_root")
    return lines[0], int(lines[1]), root


def open_checkpoint(note, where, key):
    body, lines = as_reason("note", parse_note, note)
    found, tree_size, root = parse_checkpoint(body)
    need(found == where, "other_origin")
    as_reason("note", check_note, lines, body, where, key)
    return tree_size, root


def cosigned(body, time_s):
    return f"cosignature/v1\ntime {time_s}\n{body}".encode()


def check_cosignature(note, name, key, body):
    text, lines = parse_note(note)
    need(text == body, "other_checkpoint")
    line = lines.get((name, key_id(name, 4, key)))
    need(line is not None, "not_cosigned_by")
    need(len(line) == 72, "bad_signature")
    time_s = int.from_bytes(line[:8], "big")
    need(time_s < 1 << 63, "time_out_of_range")
    need(verify(key, line[8:], cosigned(body, time_s)), "bad_signature")
    return time_s


def fingerprint(key):
    return digest("lianzhan/key-fingerprint/v1", key)[:8].hex()


def check_receipt(r, where, node):
    """L-13."""
    body = checkpoint(where, r[1], r[2])
    need(verify(node, r[3][1], body.encode()), "signature")
    need(verify(r[4][1], r[6][1], cosigned(body, r[5])), "signature")
    need(verify(r[11][1], r[12][1], checkpoint(r[7], r[9], r[10]).encode()), "signature")
    leaf = sha(b"\0" + write({1: where, 2: r[1], 3: r[2], 4: r[5]}))
    as_reason("proof", check_inclusion, r[8], r[9], leaf, r[13], r[10])


def check_equivocation(proof):
    """L-19: the origin, and how much is common at most."""
    node, (kind, evidence) = proof[1][1], proof[4]
    where = log_origin(node, proof[2], proof[3]) if 2 in proof else witness_origin(node, proof[3])

    def signed(tree):
        need(verify(node, tree[2][1], checkpoint(where, tree[0], tree[1]).encode()), "signature")

    if kind == 1:
        a, b = evidence
        need(a[0] == b[0] and a[1] < b[1], "agrees")
        signed(a), signed(b)
        return where, max(a[0] - 1, 0)
    if kind == 2:
        old, new, begins, path = evidence
        need(len(path) <= 63, "proof")
        need(0 < old[0] < new[0] and old[1] != begins, "agrees")
        signed(old), signed(new)
        as_reason("proof", check_consistency, old[0], new[0], begins, new[1], path)
        return where, old[0] - 1
    index, a, b = evidence
    need(a[0] < b[0], "agrees")
    for leaf, path, tree in (a, b):
        need(len(path) <= 63, "proof")
        signed(tree)
        as_reason("proof", check_inclusion, index, tree[0], leaf, path, tree[1])
    return where, index


class Log:
    """A log by its start, with the receipts that are shown."""

    def __init__(self, directory, start, receipts):
        self.directory, self.start, self.receipts = directory, start, receipts
        self.node, self.org = start[3][1], start[4]
        self.space = space_id(start[2])
        self.origin = log_origin(self.node, self.space, start[5])
        self.groups = directory.groups(start[4], start.get(7))

    def group_of(self, r):
        """L-14: group and org for which a receipt counts."""
        need(self.groups is not None, "policy")
        begins, ends = r[5] * 1000, r[5] * 1000 + 999

        def serves(key, purpose, org):
            return any(
                a[6][1] <= ends and begins < a[6][2] and all(keeps_receipt(v, r[7], r[8], r[5]) for _, v in self.directory.revoked(n))
                for n, a in self.directory.of_key(key, purpose, org)
            )

        orgs = [(n, org) for n, group in enumerate(self.groups) for org in group if serves(r[4][1], WITNESS, org)]
        need(orgs, "witness")
        both = [(n, org) for n, org in orgs if serves(r[11][1], NODE, org)]
        need(both, "node")
        return both[0]

    def cover(self, index):
        """L-15: what is kept of those that cover the entry, and the last time of the others."""
        kept, before = {}, None
        for r in sorted(self.receipts, key=lambda r: (r[1], r[5])):
            try:
                group, org = self.group_of(r)
            except Refused:
                continue
            if r[1] <= index:
                before = r[5] if before is None else max(before, r[5])
            elif r[7] not in kept or r[8] < kept[r[7]][2][8]:
                kept[r[7]] = (group, org, r)
        return list(kept.values()), before

    def witnessed(self, kept):
        """L-15: time in milliseconds, and org."""
        last = None
        for group in range(max(len(self.groups or []), 1)):
            of_group = [(r[5], org) for g, org, r in kept if g == group]
            if not of_group:
                return None
            time_s, org = min(of_group)
            if last is None or last[0] < time_s:
                last = (time_s, org)
        return last[0] * 1000, last[1]


def doubt_of(recorded, kept, before):
    """L-17."""
    at = max(recorded // 1000, 0)
    if kept and at > min(r[5] for _, _, r in kept):
        return "ahead"
    return "behind" if before is not None and before > at + 86400 else None


# --- 04: changes, definitions, verdicts, state ------------------------------------------------------------------------------

CHANGE = table(k1=raw, k2=many(size(32)), k3=size(32), k4=many(items(text, scalar)))
EVENT = variant(
    v1=items(text),
    v2=items(text, LEVEL, text, number(4)),
    v3=items(text, text),
    v4=items(LEVEL, ORG_ID, many(size(32)), size(32)),
    v5=items(many(size(32))),
)
KINDS = [None, "register", "sign_in", "log_line", "seal", "adopt"]
SIGNERS = {"register": {1, 2, 7}, "sign_in": {7}, "log_line": {1, 7, 8, 9, 10, 14, 21}, "seal": {1, 7, 9, 10, 14, 21}, "adopt": set(range(1, 29))}
PROOFS = [None, "key", "link", "token", "paper"]
AUDIENCE_JOINT, AUDIENCE_CITY = 7, 4


def is_date(v):
    found = re.fullmatch(r"([0-9]{4})-([0-9]{2})-([0-9]{2})", v)
    if not found:
        return False
    year, month, day = map(int, found.groups())
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    days = [0, 31, 29 if leap else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    return year >= 1900 and 1 <= month <= 12 and 1 <= day <= days[month]


def is_instant(v):
    found = re.fullmatch(r"(.{10})T([0-9]{2}):([0-9]{2}):([0-9]{2})\+08:00", v, re.S)
    return bool(found) and is_date(found[1]) and int(found[2]) <= 23 and int(found[3]) <= 59 and int(found[4]) <= 59


def parse_event(data):
    event = typed(EVENT, data, 16384)
    kind, parts = KINDS[event[0]], event[1]
    happened = {"register": 0, "sign_in": 2, "log_line": 1}.get(kind)
    if happened is not None:
        need(is_date(parts[happened]) or is_instant(parts[happened]), "happened")
    need(kind not in ("log_line", "sign_in") or not is_blank(parts[0]), "empty")
    need(kind != "adopt" or (1 <= len(parts[0]) <= 256 and ascends(parts[0])), "adopted")
    return kind, parts


def parse_change(data, salt=16):
    change = typed(CHANGE, data, 131072)
    need(len(change[1]) in (16, 32), "salt")
    need(len(change[2]) <= 64 and ascends(change[2]), "deps")
    need(1 <= len(change[4]) <= 256, "puts")
    fields = []
    for name, value in change[4]:
        length = len(value.encode()) if type(value) is str else len(value) if type(value) is bytes else 0
        need(length <= 16384, "value")
        if name == "e:":
            need(type(value) is bytes, "key")
            as_reason("event", parse_event, value)
        else:
            need(len(name.encode()) <= 128 and re.fullmatch(r"f:[a-z0-9_-]+(/[a-z0-9_-]+)*", name), "key")
            fields.append(name)
    need(len(fields) == len(set(fields)), "twice")
    need(len(change[1]) == salt, "salt")
    return change


def hchacha(key, nonce):
    """The key for the last 8 bytes of a nonce of 24 (draft-irtf-cfrg-xchacha)."""
    words = [0x61707865, 0x3320646E, 0x79622D32, 0x6B206574]
    words += [int.from_bytes((key + nonce)[at : at + 4], "little") for at in range(0, 48, 4)]

    def turn(word, by):
        return (word << by | word >> 32 - by) & 0xFFFFFFFF

    def quarter(a, b, c, d):
        for x, y, z, by in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
            words[x] = (words[x] + words[y]) & 0xFFFFFFFF
            words[z] = turn(words[z] ^ words[x], by)

    for _ in range(10):
        for n in range(4):
            quarter(n, n + 4, n + 8, n + 12)
        for n in range(4):
            quarter(n, 4 + (n + 1) % 4, 8 + (n + 2) % 4, 12 + (n + 3) % 4)
    return b"".join(words[n].to_bytes(4, "little") for n in (0, 1, 2, 3, 12, 13, 14, 15))


def open_sealed(key, commitment, record, payload):
    """P-10, P-11."""
    need(digest("lianzhan/annex-key/v1", key) == commitment, "other_key")
    need(len(payload) >= 24, "altered")
    nonce, sealed = payload[:24], payload[24:]
    try:
        plain = ChaCha20Poly1305(hchacha(key, nonce[:16])).decrypt(bytes(4) + nonce[16:], sealed, b"lianzhan/sealed/v1\0" + record)
    except (InvalidTag, ValueError):
        raise Refused("altered") from None
    return parse_change(plain, 32)


def field_of(ledger, name):
    """D-1."""
    for field in ledger[8]:
        if not field[8] and field[1] == name:
            return field
    parts = name.split("/", 2)
    if len(parts) < 2 or not re.fullmatch(r"[a-z0-9_-]{1,64}", parts[1]):
        return None
    wanted = parts[0] if len(parts) == 2 else parts[0] + "/" + parts[2]
    for field in ledger[8]:
        whole = field[1].split("/", 1)
        if field[8] and len(whole) == len(parts) - 1 and field[1] == wanted:
            return field
    return None


def fits(ledger, name, value):
    """D-2, D-3."""
    if name.startswith("annex/"):
        return name[6:] in ledger[6] and type(value) is bytes and len(value) == 32
    field = field_of(ledger, name)
    if field is None:
        return False
    if value is None:
        return True
    kind, bounds = field[4]
    if kind == 3:
        return type(value) is int and bounds[1] <= value <= bounds[2]
    if kind == 4:
        return type(value) is int
    if kind == 5:
        return type(value) is bool
    if kind == 11:
        return type(value) is bytes and len(value) == 32
    if type(value) is not str or is_blank(value):
        return False
    control = [c for c in value if unicodedata.category(c) == "Cc"]
    if kind == 1:
        return len(value) <= 200 and not control
    if kind == 2:
        return len(value.encode()) <= 16000 and all(c in "\n\t" for c in control)
    if kind == 6:
        return is_date(value)
    if kind == 7:
        return is_instant(value)
    if kind == 8:
        return any(choice[1] == value for choice in field[7])
    if kind == 9:
        return bool(re.fullmatch("[0-9a-f]{32}", value))
    return bool(re.fullmatch("[0-9]+", value)) and len(value) in (2, 4, 6, 9, 12)


class Held:
    """A change with its place and what witnesses say of it."""

    def __init__(self, entry, payload, index, log):
        self.entry, self.index, self.log, self.id = entry, index, log, entry.id
        self.change = parse_change(payload)
        h = entry.header
        self.author, self.appointment, self.recorded = h[6][1], h[7], h[8]
        self.kept, self.before = log.cover(index)
        self.witnessed = log.witnessed(self.kept)
        self.actor = digest("lianzhan/actor/v1", log.origin.encode(), b"\0", self.author)[:16]
        self.puts = self.change[4]

    def events(self):
        return [(n, *parse_event(value)) for n, (name, value) in enumerate(self.puts) if name == "e:"]


def refused(reason, detail=None):
    return {"verdict": "refused", "reason": {reason: detail} if detail is not None else reason}


def pending(reason, detail=None):
    return {"verdict": "pending", "reason": {reason: detail} if detail is not None else reason}


def contested(reason, name, capacity=None, ledger=None):
    return {"verdict": "contested", "reason": {reason: name.hex()}, "capacity": capacity, "ledger": ledger}


def may_put(ledger, roles, held):
    """J-10: what is wrong, if anything."""
    for name, value in held.puts:
        if name != "e:":
            if not roles & set(ledger[7]):
                return refused("role_for_ledger")
            if not fits(ledger, name[2:], value):
                return refused("field", name[2:])
        else:
            kind, _ = parse_event(value)
            if kind != "adopt" and kind not in ledger[9]:
                return refused("event_of_other_ledger", kind)
            if not roles & SIGNERS[kind]:
                return refused("role_for_event", kind)
    return None


def judge(directory, ledgers, space, held):
    """J-1 to J-12."""
    log = held.log
    nodes = directory.of_key(log.node, NODE, log.org)
    if not nodes:
        for name, fault in directory.faults.items():
            body = directory.held[name][2]
            if body[0] == 2 and is_contested(fault):
                a = body[1][0]
                if a[3] == NODE and a[1][1] == log.node and a[2] == log.org:
                    return contested("authority", name)
        return pending("node")
    stated = space[2] != AUDIENCE_JOINT or space_id(space) in directory.joint
    if is_well_formed(space) and not (stated and space[1] in directory.orgs):
        return pending("space")
    if not directory.may_hold(log.org, space):
        return refused("foreign_node")
    name = held.appointment
    if name not in directory.held:
        return pending("appointment", name.hex())
    if name in directory.faults:
        fault = directory.faults[name]
        if is_pending(fault):
            return pending("appointment", name.hex())
        return contested("authority", name) if is_contested(fault) else refused("appointment_does_not_stand")
    if name not in directory.appointments:
        return refused("appointment_does_not_stand")
    a = directory.appointments[name]
    if a[1][1] != held.author:
        return refused("other_key")
    if a[3] != PERSON:
        return refused("not_a_person")
    end = held.witnessed[0] if held.witnessed else held.recorded
    if max(end, held.recorded) < a[6][1] or end >= a[6][2]:
        return refused("out_of_time")
    if not directory.may_hold(a[2], space):
        return refused("foreign_org")
    ledger = ledgers.get(held.change[3])
    if ledger is None:
        return pending("definition", held.change[3].hex())
    if space[2] != ledger[5] and not (space[2] == AUDIENCE_JOINT and ledger[5] == AUDIENCE_CITY):
        return refused("audience")
    wrong = may_put(ledger, set(a[4]), held)
    if wrong:
        return wrong
    capacity = {
        "name": a[7],
        "org": a[2].hex(),
        "org_level": LEVELS[directory.orgs[a[2]][3] - 1],
        "roles": [ROLES[role - 1] for role in a[4]],
        "person": a[10].hex() if 10 in a else None,
        "seat": LEVELS[a[8] - 1] if 8 in a else None,
        "appointment": name.hex(),
    }

    def unanswered(appointment):
        for by, r in directory.revoked(appointment):
            if log.witnessed([k for k in held.kept if keeps_receipt(r, k[2][7], k[2][8], k[2][5])]) is None:
                return by
        return None

    reason, by, adopted = "revoked", unanswered(name), None
    if by is None:
        of_nodes = [unanswered(n) for n, _ in nodes]
        if None not in of_nodes:
            reason, by = "node_revoked", of_nodes[-1]
    if by is not None:
        statement = directory.adopted(held.id, a[2])
        if statement is None:
            return contested(reason, by, capacity, ledger[1])
        adopted = {"statement": statement.hex()}
    return counts(capacity, ledger[1], held, adopted)


def counts(capacity, ledger, held, adopted):
    return {"verdict": "counts", "capacity": capacity, "ledger": ledger, "provisional": held.witnessed is None, "adopted": adopted}


def shown(value):
    return value.hex() if type(value) is bytes else value


class Record:
    """F-1 to F-11 and S-1 to S-4."""

    def __init__(self, directory, ledgers, identity, space, changes):
        self.directory, self.ledgers, self.id, self.space = directory, ledgers, identity, space
        self.place(changes)
        self.verdicts = {h.id: judge(directory, ledgers, space, h) for h in self.ordered}
        self.settle()
        self.fold_fields()
        self.fold_events()

    def place(self, changes):
        known, self.excess, unique, in_log = {}, [], [], {}
        for h in sorted(changes, key=lambda h: (h.log.origin, h.index, h.id)):
            if h.id in known:
                continue
            in_log[h.log.origin] = in_log.get(h.log.origin, 0) + 1
            late = in_log[h.log.origin] > 4096
            known[h.id] = None if late else h
            (self.excess if late else unique).append(h)
        previous, parents, missing = {}, {}, {}
        for h in unique:
            lacking = [dep for dep in h.change[2] if dep not in known]
            found = {dep for dep in h.change[2] if known.get(dep)}
            if (before := previous.get((h.log.origin, h.author))) is not None:
                found.add(before)
            previous[h.log.origin, h.author] = h.id
            parents[h.id] = found
            if lacking:
                missing[h.id] = lacking[0]
        self.ordered, self.first, self.past, self.parents = [], {}, {}, {}
        todo = {h.id: h for h in unique if h.id not in missing}
        while True:
            ready = []
            for h in todo.values():
                if all(p in self.first for p in parents[h.id]):
                    ends = [self.first[p][0] + len(known[p].puts) for p in parents[h.id]]
                    ready.append(((max(ends, default=1), h.actor), h.id))
            if not ready:
                break
            op, name = min(ready)
            h = todo.pop(name)
            self.first[name] = op
            self.parents[name] = parents[name]
            self.past[name] = set(parents[name]).union(*(self.past[p] for p in parents[name]))
            self.ordered.append(h)
        self.by_id = {h.id: h for h in self.ordered}

        def lacks(name, seen):
            if name in missing:
                return missing[name]
            for p in sorted(parents[name] - seen):
                seen.add(p)
                if p not in self.first and (found := lacks(p, seen)):
                    return found
            return None

        self.waiting = [(h, lacks(h.id, set())) for h in unique if h.id not in self.first]
        covered = set().union(*self.parents.values()) if self.parents else set()
        self.heads = sorted(name for name in self.first if name not in covered)

    def op(self, name, n):
        return self.first[name][0] + n, self.first[name][1]

    def settle(self):
        """F-6, F-10, F-11."""
        belongs, root = set(), None
        space = space_id(self.space)
        for h in self.ordered:
            change = h.change
            first = not change[2] and minted_record(self.id, space, change[3], change[1])
            if first and root is None:
                root = change[3]
            if first or any(dep in belongs for dep in change[2]):
                belongs.add(h.id)
            elif self.verdicts[h.id]["verdict"] in ("counts", "contested"):
                self.verdicts[h.id] = refused("unrooted")
        if root is not None:
            for name, v in self.verdicts.items():
                if v["verdict"] in ("counts", "contested") and v["ledger"] is not None:
                    if root not in self.ledgers:
                        self.verdicts[name] = pending("definition", root.hex())
                    elif self.ledgers[root][1] != v["ledger"]:
                        self.verdicts[name] = refused("other_ledger")
        acts = [
            (h, self.by_id[target]) for h in self.ordered for _, kind, parts in h.events() if kind == "adopt"
            for target in parts[0] if target in self.by_id
        ]
        again = True
        while again:
            again = False
            for by, target in acts:
                adopter, v = self.verdicts[by.id], self.verdicts[target.id]
                if adopter["verdict"] != "counts" or v["verdict"] != "contested" or v["capacity"] is None:
                    continue
                mine, theirs = adopter["capacity"], v["capacity"]
                if mine["org"] != theirs["org"] or not set(mine["roles"]) & set(theirs["roles"]):
                    continue
                roles = {ROLES.index(role) + 1 for role in mine["roles"]}
                if may_put(self.ledgers[target.change[3]], roles, target):
                    continue
                self.verdicts[target.id] = counts(theirs, v["ledger"], target, {"change": by.id.hex()})
                again = True

    def counting(self):
        return [h for h in self.ordered if self.verdicts[h.id]["verdict"] == "counts"]

    def fold_fields(self):
        """F-7."""
        counting = self.counting()
        self.definition = counting[0].change[3] if counting else None
        left = {}
        for h in counting:
            for n, (name, value) in enumerate(h.puts):
                if name != "e:":
                    kept = [each for each in left.get(name[2:], []) if each[2] not in self.past[h.id]]
                    left[name[2:]] = kept + [(self.op(h.id, n), value, h.id)]
        self.fields = {}
        for name in sorted(left):
            all_left = sorted(left[name], reverse=True, key=lambda each: each[0])
            if any(value is not None for _, value, _ in all_left):
                candidates = [
                    {"value": shown(value), "op": f"{op[0]}@{op[1].hex()}", "change": change.hex()} for op, value, change in all_left
                ]
                self.fields[name] = {"value": candidates[0]["value"], "candidates": candidates}

    def fold_events(self):
        """F-8, F-9."""
        untaken = {h.id: h.events() if self.verdicts[h.id]["verdict"] == "counts" else [] for h in self.ordered}
        done, self.events = set(), []
        state = {"registered": False, "signed": set(), "seals": set()}
        while True:
            grown = True
            while grown:
                grown = False
                for h in self.ordered:
                    if h.id not in done and not untaken[h.id] and self.parents[h.id] <= done:
                        done.add(h.id)
                        grown = True
            ready = []
            for h in self.ordered:
                if untaken[h.id] and self.parents[h.id] <= done:
                    n, kind, parts = untaken[h.id][0]
                    ready.append((5 if kind == "seal" else 0, self.op(h.id, n), h.id))
            if not ready:
                return
            _, op, name = min(ready)
            n, kind, parts = untaken[name].pop(0)
            by = self.verdicts[name]["capacity"]
            event = {
                "id": digest("lianzhan/event/v1", name, n.to_bytes(8, "big")),
                "kind": kind, "parts": parts, "op": op, "change": name, "by": by,
                "body": self.by_id[name].puts[n][1],
                "ineffective": self.guard(state, name, kind, parts, by),
            }
            self.events.append(event)

    def guard(self, state, name, kind, parts, by):
        holder = by["person"] or by["appointment"]
        if kind == "register":
            before, state["registered"] = state["registered"], True
            return "once" if before else None
        if kind == "sign_in":
            if by["seat"] != LEVELS[parts[1] - 1]:
                return "not_this_seat"
            if by["name"] != parts[0]:
                return "other_deputy"
            if (holder, parts[1]) in state["signed"]:
                return "once"
            state["signed"].add((holder, parts[1]))
            return None
        if kind != "seal":
            return None
        level, org, heads, found = parts
        roles = {ROLES.index(role) + 1 for role in by["roles"]}
        officer = by["org_level"] == LEVELS[level - 1] and roles & ({10, 14, 21} | ({1, 9} if level == 7 else set()))
        seat = by["seat"] == LEVELS[level - 1] and (holder, level) in state["signed"]
        if org.hex() != by["org"] or not (officer or seat):
            return "not_for_this_org"
        if (org, level, found) in state["seals"]:
            return "once"
        if not heads or any(h not in self.past[name] for h in heads):
            return "unknown_head"
        if self.seal_digest(heads) != found:
            return "other_digest"
        state["seals"].add((org, level, found))
        return None

    def covers(self, heads, change):
        return any(head == change or change in self.past[head] for head in heads)

    def seal_digest(self, heads):
        """S-1, S-2."""
        leaves = []
        for h in self.ordered:
            if self.covers(heads, h.id):
                sealed = {n for n, kind, _ in h.events() if kind == "seal"}
                for n, (name, value) in enumerate(h.puts):
                    if n not in sealed:
                        salt = hmac.new(h.change[1], n.to_bytes(8, "big"), hashlib.sha256).digest()
                        op = self.op(h.id, n)
                        leaves.append((op, write([salt, list(op), name, value])))
        return tree_root([sha(b"\0" + leaf) for _, leaf in sorted(leaves)])

    def activity(self):
        """S-4, as 07 prints it."""
        organiser = self.directory.orgs[self.space[1]][3]
        effective = [e for e in self.events if e["ineffective"] is None]
        signed = [e for e in effective if e["kind"] == "sign_in"]
        seals = [e for e in effective if e["kind"] == "seal"]
        by_digest, required, complete = {}, {organiser} | {e["parts"][1] for e in signed}, None
        for e in seals:
            by_digest.setdefault(e["parts"][3], []).append(e)
        for _, same in sorted(by_digest.items()):
            inside = {e["change"] for e in signed if self.covers(same[0]["parts"][2], e["change"])}
            if not inside:
                continue
            present = [e for e in signed if e["change"] in inside or all(self.covers([s["change"]], e["change"]) for s in same)]
            needed = {organiser} | {e["parts"][1] for e in present}
            if needed <= {s["parts"][0] for s in same}:
                complete = needed
                break
        return {
            "signed_in": [
                {"deputy": e["parts"][0], "level": LEVELS[e["parts"][1] - 1], "happened": e["parts"][2], "proof": PROOFS[e["parts"][3]], "change": e["change"].hex()}
                for e in signed
            ],
            "lines": [
                {
                    "text": e["parts"][0], "happened": e["parts"][1], "by": e["by"]["name"], "org": e["by"]["org"],
                    "after_seal": bool(seals) and not any(self.covers(s["parts"][2], e["change"]) for s in seals),
                    "change": e["change"].hex(),
                }
                for e in effective if e["kind"] == "log_line"
            ],
            "seals": [
                {
                    "level": LEVELS[e["parts"][0] - 1], "org": e["parts"][1].hex(), "by": e["by"]["name"], "digest": e["parts"][3].hex(),
                    "heads": [head.hex() for head in e["parts"][2]], "change": e["change"].hex(),
                }
                for e in seals
            ],
            "required": [LEVELS[level - 1] for level in sorted(required if complete is None else complete)],
            "sealed": complete is not None,
        }

    def history(self):
        return (
            [(h, self.verdicts[h.id]) for h in self.ordered]
            + [(h, refused("too_many")) for h in self.excess]
            + [(h, pending("dependency", lacking.hex())) for h, lacking in self.waiting]
        )


def tree_root(leaves):
    if not leaves:
        return EMPTY
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return sha(b"\1" + tree_root(leaves[:k]) + tree_root(leaves[k:]))


# --- 07: bundles --------------------------------------------------------------------------------------------------------------

README_SHA = "1902f7ff3e47d04a85b24a67a7dd63f5308cbc65669aed51a46d34de52fd2024"
PATH = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")
BUNDLE_MAX = 1610612736


def tar_header(path, length):
    """V-1: the one header of a file."""
    field = lambda n, width: f"{n:0{width - 1}o}".encode() + b"\0"
    block = bytearray(path.encode().ljust(100, b"\0"))
    block += field(0o644, 8) + field(0, 8) + field(0, 8) + field(length, 12) + field(0, 12)
    block += b" " * 8 + b"0" + bytes(100) + b"ustar\x0000" + bytes(32) + bytes(32) + bytes(8) + bytes(8)
    block += bytes(512 - len(block))
    block[148:156] = field(sum(block), 8)
    return bytes(block)


def pack(files):
    out = b""
    for path in sorted(files):
        data = files[path]
        out += tar_header(path, len(data)) + data + bytes(-len(data) % 512)
    return out + bytes(1024)


def unpack(data):
    need(len(data) <= BUNDLE_MAX, "too_long")
    files, at = {}, 0
    while True:
        block = data[at : at + 512]
        need(len(block) == 512, "archive")
        if block == bytes(512):
            need(data[at:] == bytes(1024), "archive")
            return files
        name, digits = block[:100].split(b"\0")[0], block[124:135]
        need(re.fullmatch(rb"[0-7]{11}", digits) and PATH.fullmatch(name.decode("latin-1")), "archive")
        path, length = name.decode(), int(digits, 8)
        need(tar_header(path, length) == block and (not files or path > max(files)), "archive")
        end = at + 512 + length
        content = data[at + 512 : end]
        padding = data[end : end + -length % 512]
        need(len(content) == length and padding == bytes(-length % 512), "archive")
        files[path] = content
        at = end + len(padding)


def manifest(files):
    names = sorted(path for path in files if path != "MANIFEST.sha256")
    return "".join(f"{sha(files[path]).hex()}  {path}\n" for path in names)


def check_manifest(files):
    need("MANIFEST.sha256" in files, "missing")
    stated = files["MANIFEST.sha256"]
    if stated == manifest(files).encode():
        return
    try:
        listed = {path: hash for hash, path in (line.split("  ", 1) for line in stated.decode().splitlines())}
    except ValueError:
        raise Refused("manifest") from None
    for path in sorted(files):
        if path != "MANIFEST.sha256":
            need(path in listed, "not_listed")
            need(listed.pop(path) == sha(files[path]).hex(), "digest")
    raise Refused("missing" if listed else "manifest")


class Bundle:
    """V-2 to V-12, in that order."""

    def __init__(self, data, trusted, ledgers):
        self.ledgers = ledgers
        trusted_id, _ = as_reason("founding", open_founding, trusted)
        self.files = unpack(data)
        check_manifest(self.files)
        del self.files["MANIFEST.sha256"]
        stated = self.take("summary.json")
        need(sha(self.take("README.txt")).hex() == README_SHA, "readme")
        self.founding_id, founding = as_reason("founding", open_founding, self.take("founding.cose"))
        need(self.founding_id == trusted_id, "other_founding")
        self.read_statements(founding)
        self.logs = {}
        for folder in self.names("logs/", "/"):
            log = self.read_log(f"logs/{folder}/")
            self.logs[log.origin] = log
        # Files of other names are not used (V-11).
        names = [name for name in self.names("entries/", ".") if re.fullmatch("[0-9a-f]{64}", name)]
        self.changes = [self.read_change(name) for name in names]
        self.conclude()
        self.check_all_used()
        self.summary = self.summarise()
        text = json.dumps(self.summary, indent=2, ensure_ascii=False) + "\n"
        need(stated == text.encode(), "summary")

    def take(self, path):
        need(path in self.files, "missing")
        return self.files.pop(path)

    def take_text(self, path):
        try:
            return self.take(path).decode()
        except UnicodeDecodeError:
            raise Refused("codec") from None

    def names(self, prefix, end):
        return sorted({path[len(prefix) :].split(end)[0] for path in self.files if path.startswith(prefix)})

    def read_statements(self, founding):
        statements = {}
        for name in self.names("statements/", "."):
            identity, statement = as_reason("statement", open_statement, self.take(f"statements/{name}.cose"))
            need(identity.hex() == name, "other_name")
            statements[identity] = statement
        self.directory = Directory(self.founding_id, founding, statements)
        need(set(self.directory.faults) <= self.directory.revoked_or_above(), "does_not_stand")

    def read_proof(self, path):
        """A tlog-proof: index, hashes, note."""
        data = self.take_text(path)
        need(len(data.encode()) <= 131072 and "\n\n" in data, "proof_file")
        top, note = data.split("\n\n", 1)
        lines = top.split("\n")
        need(lines.pop(0) == "c2sp.org/tlog-proof@v1", "proof_file")
        extra = bool(lines) and lines[0].startswith("extra ")
        if extra:
            unb64(lines.pop(0)[6:], "proof_file")
        need(lines and re.fullmatch("index (0|[1-9][0-9]*)", lines[0]) and len(lines) <= 64, "proof_file")
        hashes = [unb64(line, "proof_file") for line in lines[1:]]
        need(all(len(hash) == 32 for hash in hashes), "proof_file")
        return extra, int(lines[0][6:]), hashes, note

    def read_log(self, folder):
        """V-5."""
        entry = self.open_entry(self.take(folder + "start.entry"))
        payload = self.take(folder + "start.payload")
        as_reason("entry", entry.check_payload, payload)
        kind, parts = typed(LOG_STATEMENT, payload, 32768)
        need(kind == 1, "start")
        start = parts[0]
        earlier = start.get(8)
        fits = earlier is None or (1 <= len(earlier) <= 256 and ascends([each[0].encode() for each in earlier]))
        need(entry.header[4] == 2 and entry.header[6] == start[3] and fits, "entry")
        need(start[1] == 1, "start")
        d, log = self.directory, Log(self.directory, start, [])
        as_reason("entry", entry.check_place, log.origin, log.space)
        as_reason("entry", entry.check_signature)
        need(f"logs/{log.origin[len('lianzhan/log/'):]}/" == folder, "other_name")
        need(d.of_key(log.node, NODE, log.org), "node_not_appointed")
        need(d.may_hold(log.org, start[2]), "may_not_hold")
        need(log.org in d.orgs and d.orgs[log.org].get(2) == start.get(6), "required_parent")
        need(log.groups is not None, "policy")
        extra, index, hashes, note = self.read_proof(folder + "start.tlog-proof")
        as_reason("proof_file", lambda: parse_checkpoint(parse_note(note)[0]))
        log.size, log.root = as_reason("checkpoint", open_checkpoint, note, log.origin, log.node)
        need(not extra and len(parse_note(note)[1]) == 1 and index == 0, "proof_against")
        as_reason("proof", check_inclusion, 0, log.size, entry.leaf, hashes, log.root)
        log.newest, log.folder = note, folder
        self.read_receipts(log)
        policy = self.tlog_policy(log)
        if policy is not None:
            need(self.take(folder + "policy.txt") == policy.encode(), "tlog_policy")
        return log

    def tlog_policy(self, log):
        """V-13."""
        keys = {}

        def listed(key, group):
            keys[key] = min(group, keys.get(key, group))

        for name, a in self.directory.appointments.items():
            if a[3] == WITNESS and not self.directory.revoked(name):
                groups = [n for n, group in enumerate(log.groups) if a[2] in group]
                if groups:
                    listed(a[1][1], groups[0])
        for r in log.receipts:
            listed(r[4][1], log.group_of(r)[0])
        named = sorted((witness_name(key), key, group) for key, group in keys.items())
        text = f"log {vkey(log.origin, 1, log.node)}\n\n"
        text += "".join(f"witness {name} {vkey(name, 4, key)}\n" for name, key, _ in named) + "\n"
        for n, group in enumerate(log.groups):
            members = [name for name, _, of in named if of == n]
            if not members:
                return None
            orgs = " ".join(org.hex() for org in group)
            text += f"# orgs: {orgs}\ngroup required-{n + 1} any {' '.join(members)}\n"
        every = " ".join(f"required-{n + 1}" for n in range(len(log.groups)))
        return text + f"group required all {every}\nquorum required\n" if every else None

    def open_entry(self, data):
        return as_reason("entry", Entry, data)

    def read_receipts(self, log):
        """V-6, V-7."""
        prefix, last = log.folder + "receipts/", None
        count = sum(path.startswith(prefix) and path.endswith(".receipt") for path in self.files)
        for n in range(1, count + 1):
            data = self.take(f"{prefix}{n}.receipt")
            r = as_reason("codec", typed, RECEIPT, data, 32768)
            as_reason("receipt", check_receipt, r, log.origin, log.node)
            as_reason("not_a_witness", log.group_of, r)
            need(last is None or last < (r[1], r[5], data), "receipt_order")
            last = (r[1], r[5], data)
            text = self.take_text(f"{prefix}{n}.consistency")
            top = f"old {r[1]}\n"
            need(text.startswith(top) and text.endswith("\n" + log.newest), "proof_against")
            middle = text[len(top) : -len(log.newest) - 1]
            need(middle == "" or middle.endswith("\n"), "proof_against")
            hashes = [unb64(line, "proof_against") for line in middle.split("\n")[:-1]]
            need(len(hashes) <= 63 and all(len(hash) == 32 for hash in hashes), "proof_against")
            as_reason("proof", check_consistency, r[1], log.size, r[2], log.root, hashes)
            log.receipts.append(r)

    def read_change(self, name):
        """V-8."""
        base = f"entries/{name}."
        entry = self.open_entry(self.take(base + "entry"))
        need(entry.id.hex() == name, "other_name")
        as_reason("entry", entry.check_signature)
        need(entry.header[4] == 1, "not_a_change")
        need(entry.header[2] in self.logs, "no_log")
        log = self.logs[entry.header[2]]
        as_reason("entry", entry.check_place, log.origin, log.space)
        payload = self.take(base + "payload")
        as_reason("entry", entry.check_payload, payload)
        as_reason("change", parse_change, payload)
        extra, index, hashes, note = self.read_proof(base + "tlog-proof")
        need(index != 0, "entry")
        need(not extra, "proof_against")
        first = next((r for r in log.receipts if r[1] > index), None)
        expected = log.newest if first is None else receipt_note(log, first[1])
        if note != expected:
            as_reason("note", parse_note, note)
        tree_size, root = as_reason("checkpoint", open_checkpoint, note, log.origin, log.node)
        as_reason("proof", check_inclusion, index, tree_size, entry.leaf, hashes, root)
        need(note == expected, "proof_against")
        return Held(entry, payload, index, log)

    def conclude(self):
        """V-9, V-10."""
        places, by_record = set(), {}
        for h in self.changes:
            need((h.log.origin, h.index) not in places, "same_place")
            places.add((h.log.origin, h.index))
            by_record.setdefault(h.entry.header[5], []).append(h)
        need(by_record, "empty")
        self.records = []
        for identity in sorted(by_record):
            changes = by_record[identity]
            space = changes[0].log.start[2]
            need(all(h.log.start[2] == space for h in changes), "several_spaces")
            record = Record(self.directory, self.ledgers, identity, space, changes)
            need(not record.waiting, "missing_dependency")
            self.records.append(record)

    def check_all_used(self):
        """V-11."""
        need(not self.files, "unused")
        for log in self.logs.values():
            here = {h.index for h in self.changes if h.log is log}
            need(here, "unused")
            numbered = list(enumerate(log.receipts))
            latest = lambda some: {max(some, key=lambda each: (each[1][5], each[0]))[0]} if some else set()
            used = latest(numbered)
            for index in here:
                used |= latest([each for each in numbered if each[1][1] <= index])
                lowest = {}
                for n, r in numbered:
                    if r[1] > index:
                        lowest[r[7]] = min((r[8], n), lowest.get(r[7], (r[8], n)))
                used |= {n for _, n in lowest.values()}
            need(len(used) == len(numbered), "unused")
        need(self.needed() == set(self.directory.held), "unused")

    def needed(self):
        d = self.directory
        todo = {h.appointment for h in self.changes}
        orgs, held = set(), {h.id for h in self.changes}
        for log in self.logs.values():
            todo |= {n for n, _ in d.of_key(log.node, NODE, log.org)}
            for org in (org for group in log.groups for org in group):
                todo |= {n for n, a in d.appointments.items() if a[3] == WITNESS and a[2] == org and not d.revoked(n)}
                for r in log.receipts:
                    todo |= {n for n, _ in d.of_key(r[4][1], WITNESS, org)} | {n for n, _ in d.of_key(r[11][1], NODE, org)}
            orgs |= {log.org, log.start[2][1]}
            todo |= {log.start[7]} if 7 in log.start else set()
            todo |= {n for n, _, space in d.standing(3) if space == log.start[2]}
            if log.org == d.root and d.root_witnesses:
                todo.add(d.root_witnesses)
        todo |= {n for n, _, a in d.standing(6) if held & set(a[1])}
        todo |= {n for n, _, org in d.standing(1) if org[1] in orgs}
        todo |= {root["carrier"] for root in d.line[1:]}
        todo, wanted = [n for n in todo if n in d.held], set()
        against = {name: [n for n, _ in revoked] for name, revoked in d.effects[0].items()}
        for n, _, a in d.standing(6):
            for each in a[2]:
                against.setdefault(each, []).append(n)
        while todo:
            name = todo.pop()
            if name in wanted or name not in d.held:
                continue
            wanted.add(name)
            issuer, (kind, parts) = d.held[name][1], d.held[name][2]
            todo += [issuer[3]] if 3 in issuer else []
            todo += against.get(name, [])
            body = parts[0]
            todo += [body[1]] if kind == 5 else []
            named = [issuer[1]] + {1: lambda: [body[2]] if 2 in body else [], 2: lambda: [body[2]], 3: lambda: body[4][1], 4: lambda: body}.get(kind, list)()
            above = {o for org in named for o in d.above(org)}
            todo += [n for n, _, org in d.standing(1) if org[1] in above]
        return {name for name in wanted if name not in d.faults or name in d.revoked_or_above()}

    # --- summary.json (V-12)

    def summarise(self):
        d = self.directory
        named = {h.appointment for record in self.records for h, _ in record.history()}
        return {
            "format": "lianzhan-bundle/1",
            "founding": self.founding_id.hex(),
            "root": d.root.hex(),
            "orgs": [{"id": org.hex(), "zh": known[4], "en": known[5]} for org, known in sorted(d.orgs.items())],
            "statements": [name.hex() for name in d.held],
            "authors": [self.author(name) for name in sorted(named) if name in d.appointments],
            "logs": [self.horizon(self.logs[where]) for where in sorted(self.logs)],
            "records": [self.record(record) for record in self.records],
        }

    def seen(self, log, r):
        return {"time": r[5] * 1000, "by": log.group_of(r)[1].hex(), "size": r[1]}

    def horizon(self, log):
        last = max(enumerate(log.receipts), key=lambda each: (each[1][5], each[0]), default=None)
        return {
            "log": log.origin, "org": log.org.hex(), "node": fingerprint(log.node), "space": log.space.hex(),
            "size": log.size, "root": log.root.hex(), "witnessed": self.seen(log, last[1]) if last else None,
        }

    def record(self, record):
        ledger = self.ledgers.get(record.definition)
        return {
            "id": record.id.hex(),
            "ledger": ledger[1] if ledger else None,
            "definition": record.definition.hex() if record.definition else None,
            "space": space_id(record.space).hex(),
            "audience": AUDIENCES[record.space[2] - 1],
            "owner": record.space[1].hex(),
            "fields": {key: field["value"] for key, field in record.fields.items()},
            "conflicts": {key: field["candidates"] for key, field in record.fields.items() if len(field["candidates"]) > 1},
            "events": [self.event(e) for e in record.events],
            "activity": record.activity() if ledger and ledger[1] == "activity" else None,
            "heads": [head.hex() for head in record.heads],
            "changes": [self.change(h, verdict) for h, verdict in record.history()],
        }

    def event(self, e):
        kind, parts = e["kind"], e["parts"]
        level = {"sign_in": 1, "seal": 0}.get(kind)
        happened = {"register": 0, "sign_in": 2, "log_line": 1}.get(kind)
        return {
            "id": e["id"].hex(), "kind": kind, "change": e["change"].hex(), "by": e["by"]["name"],
            "org": e["by"]["org"],
            "happened": parts[happened] if happened is not None else None,
            "text": parts[0] if kind in ("sign_in", "log_line") else None,
            "level": LEVELS[parts[level] - 1] if level is not None else None,
            "digest": parts[3].hex() if kind == "seal" else None,
            "ineffective": e["ineffective"],
        }

    def change(self, h, verdict):
        witnessed = None
        if h.witnessed:
            time, org = h.witnessed
            first = next(r for r in h.log.receipts if r[1] > h.index and r[5] * 1000 == time and h.log.group_of(r)[1] == org)
            witnessed = self.seen(h.log, first)
        return {
            "id": h.id.hex(), "log": h.log.origin, "index": h.index,
            "author": h.appointment.hex() if h.appointment in self.directory.appointments else None, "recorded": h.recorded,
            "witnessed": witnessed, "doubt": doubt_of(h.recorded, h.kept, h.before),
            "verdict": {key: of for key, of in verdict.items() if key not in ("capacity", "ledger")},
        }

    def author(self, name):
        d = self.directory
        a = d.appointments[name]
        chain = [(link, d.appointments[link]) for link in d.chain(name)]
        links = [{"statement": link.hex(), "name": each[7], "org": each[2].hex()} for link, each in chain]
        links.append({"statement": self.founding_id.hex(), "name": "", "org": d.root.hex()})
        return {
            "appointment": name.hex(), "name": a[7], "org": a[2].hex(), "roles": [ROLES[role - 1] for role in a[4]],
            "seat": LEVELS[a[8] - 1] if 8 in a else None, "person": a[10].hex() if 10 in a else None, "chain": links,
        }


def witness_name(key):
    return "lianzhan/witness/" + fingerprint(key)


def vkey(name, kind, key):
    return f"{name}+{key_id(name, kind, key).hex()}+{b64(bytes([kind]) + key)}"


def receipt_note(log, tree_size):
    """The note of V-8: the log's line, then of each witness the first cosignature over this size, at most 16."""
    over = [r for r in log.receipts if r[1] == tree_size]
    text = checkpoint(log.origin, tree_size, over[0][2])
    lines, seen = [(log.origin, key_id(log.origin, 1, log.node) + over[0][3][1])], set()
    for r in over:
        witness = r[4][1]
        if witness not in seen and len(seen) < 16:
            seen.add(witness)
            name = witness_name(witness)
            lines.append((name, key_id(name, 4, witness) + r[5].to_bytes(8, "big") + r[6][1]))
    return text + "\n" + "".join(f"— {name} {b64(data)}\n" for name, data in lines)


# --- tests/vectors ------------------------------------------------------------------------------------------------------------

STANDING = items(uint(), size(32))
PROOF = at_most(63, size(32))
NOTE = short(65536)
MESSAGE = variant(
    v1=items(table(k1=uint(32), k2=size(32), k3=key, k4=at_most(60, raw), o5=size(32))),
    v2=items(at_most(512, items(size(32), size(32))), boolean),
    v3=items(size(32)),
    v4=items(size(32), at_most(512, items(origin, STANDING)), boolean),
    v5=items(size(32), items(origin, STANDING)),
    v6=items(size(32), origin, uint()),
    v7=items(table(k1=origin, k2=uint(), k3=at_most(1024, items(raw, raw, optional=1)), k4=NOTE, k5=PROOF)),
    v8=items(origin),
    v9=items(origin, uint(), NOTE, PROOF, RECEIPT, optional=1),
    v10=items(origin, RECEIPT),
    v11=items(origin, uint(), short(200)),
    v12=items(at_most(256, size(16))),
    v13=items(at_most(256, items(size(16), size(32)))),
    v14=items(),
    v15=items(at_most(60, raw), boolean),
    v16=items(short(200)),
    v17=items(size(32), origin, uint(32), uint()),
)
TYPES = {
    "uint": uint(), "tstr": text, "value": scalar, "OrgIds": many(ORG_ID), "Validity": VALIDITY, "MayAppoint": MAY_APPOINT,
    "ground": GROUND, "Level": LEVEL, "origin": origin, "Space": SPACE,
}
BYTES = bytes.fromhex


class Replay:
    """What follows from one vector, by its category."""

    def __init__(self, home):
        self.home, self.checked = home, 0
        self.ledgers = {}
        for path in sorted(home.glob("ledger/*.cbor")):
            data = path.read_bytes()
            self.ledgers[digest("lianzhan/ledger/v1", data)] = read(data)
        self.federation = json.loads((home / "directory.json").read_text())["federation"]

    def all(self):
        for path in sorted(self.home.glob("*.json")):
            if path.stem == "ledger":
                stated = json.loads(path.read_text())["definitions"]
                assert stated == {ledger[1]: name.hex() for name, ledger in self.ledgers.items()}, "ledgers"
                continue
            self.head = json.loads(path.read_text())
            for vector in self.head["vectors"]:
                self.one(path.stem, vector)
        print(f"{self.checked} vectors")

    def one(self, category, vector):
        try:
            found, reason = getattr(self, category)(vector), None
        except Refused as refused:
            found, reason = None, refused.reason
        where = f"{category}: {vector['name']}"
        assert reason == vector.get("reason"), f"{where}: {reason} where {vector.get('reason')} was expected"
        assert (reason is None) == vector["valid"], where
        expected = vector.get("follows")
        assert found == expected, f"{where}: {json.dumps(found, ensure_ascii=False)}\n where {json.dumps(expected, ensure_ascii=False)}"
        self.checked += 1

    def cbor(self, v):
        typed(TYPES[v["type"]], BYTES(v["bytes"]), 1024)

    def key(self, v):
        key_bytes(BYTES(v["key"]))
        return {"fingerprint": fingerprint(BYTES(v["key"]))}

    def signature(self, v):
        key_bytes(BYTES(v["key"]))
        good = sign_in_domain(BYTES(v["key"]), BYTES(v["signature"]), v["domain"], BYTES(v["message"]))
        need(good, "bad_signature")

    def founding(self, v):
        return {"id": open_founding(BYTES(v["bytes"]))[0].hex()}

    def statement(self, v):
        return {"id": open_statement(BYTES(v["bytes"]))[0].hex()}

    def change(self, v):
        change = parse_change(BYTES(v["bytes"]))
        events = [n for n, (name, _) in enumerate(change[4]) if name == "e:"]
        ids = [digest("lianzhan/event/v1", b"\7" * 32, n.to_bytes(8, "big")).hex() for n in events]
        return {"puts": len(change[4]), "event_ids_under_07": ids}

    def note(self, v):
        body, lines = parse_note(v["note"])
        check_note(lines, body, v["name"], BYTES(v["key"]))
        return {"text": body, "key_id": key_id(v["name"], 1, BYTES(v["key"])).hex()}

    def checkpoint(self, v):
        tree_size, root = open_checkpoint(v["note"], v["origin"], BYTES(v["key"]))
        return {"size": tree_size, "root": root.hex()}

    def cosignature(self, v):
        return {"time_s": check_cosignature(v["note"], v["name"], BYTES(v["key"]), v["checkpoint"])}

    def inclusion(self, v):
        check_inclusion(v["index"], v["size"], BYTES(v["leaf"]), [BYTES(p) for p in v["proof"]], BYTES(v["root"]))

    def consistency(self, v):
        check_consistency(v["old"], v["new"], BYTES(v["old_root"]), BYTES(v["new_root"]), [BYTES(p) for p in v["proof"]])

    def entry(self, v):
        entry = Entry(BYTES(v["bytes"]))
        entry.check_signature()
        entry.check_place(v["origin"], BYTES(v["space"]))
        entry.check_payload(BYTES(v["payload"]))
        return {"change_id": entry.id.hex(), "leaf": entry.leaf.hex()}

    def start(self, v):
        entry, payload = Entry(BYTES(v["entry"])), BYTES(v["payload"])
        entry.check_signature()
        number, parts = typed(LOG_STATEMENT, payload, 32768)
        need(number == 1, "statement")
        stated = parts[0]
        earlier = stated.get(8)
        fits = earlier is None or (1 <= len(earlier) <= 256 and ascends([each[0].encode() for each in earlier]))
        need(entry.header[4] == 2 and entry.header[6] == stated[3] and fits, "statement")
        return {"origin": log_origin(stated[3][1], space_id(stated[2]), stated[5]), "earlier": len(earlier or [])}

    def sealed(self, v):
        change = open_sealed(BYTES(v["key"]), BYTES(v["commitment"]), BYTES(v["record"]), BYTES(v["payload"]))
        return {"salt": change[1].hex(), "puts": len(change[4])}

    def frame(self, v):
        return {"message": typed(MESSAGE, BYTES(v["bytes"]), 1048576)[0]}

    def receipt(self, v):
        r = typed(RECEIPT, BYTES(v["bytes"]), 32768)
        check_receipt(r, v["origin"], BYTES(v["node"]))
        return {"size": r[1], "time_s": r[5]}

    def witness_entry(self, v):
        data = BYTES(v["bytes"])
        e = typed(WITNESS_ENTRY, data, 187)
        return {"origin": e[1], "size": e[2], "root": e[3].hex(), "time_s": e[4], "leaf": sha(b"\0" + data).hex()}

    def equivocation(self, v):
        where, common = check_equivocation(typed(EQUIVOCATION, BYTES(v["bytes"]), 32768))
        return {"origin": where, "common": common}

    def directory_of(self, v):
        identity, founding = open_founding(BYTES(self.federation["founding"]))
        without = set(map(BYTES, v.get("without", [])))
        opened = [open_statement(BYTES(data)) for data in self.federation["statements"] + v.get("more", [])]
        return Directory(identity, founding, {name: s for name, s in opened if name not in without})

    def directory(self, v):
        d = self.directory_of(v)
        return {
            "faults": {name.hex(): fault for name, fault in d.faults.items()},
            "orgs": [org.hex() for org in sorted(d.orgs)],
            "line": [root["by"].hex() for root in d.line],
            "policy": d.policy and d.policy.hex(),
            "revoked": {name.hex(): sorted(by.hex() for by, _ in revoked) for name, revoked in d.effects[0].items()},
        }

    def record(self, v):
        d = self.directory_of(v)
        logs = {}
        for each in v["logs"]:
            start = typed(LOG_STATEMENT, BYTES(each["start"]))[1][0]
            log = Log(d, start, [typed(RECEIPT, BYTES(r)) for r in each["receipts"]])
            logs[log.origin] = log
        changes = []
        for each in v["changes"]:
            entry = Entry(BYTES(each["entry"]))
            entry.check_signature()
            entry.check_payload(BYTES(each["payload"]))
            changes.append(Held(entry, BYTES(each["payload"]), each["index"], logs[entry.header[2]]))
        record = Record(d, self.ledgers, BYTES(v["record"]), changes[0].log.start[2], changes)
        events = [
            {
                "id": e["id"].hex(), "kind": e["kind"], "op": f"{e['op'][0]}@{e['op'][1].hex()}", "change": e["change"].hex(),
                "body": e["body"].hex(), "by": e["by"], "ineffective": e["ineffective"],
            }
            for e in record.events
        ]
        state = {
            "id": v["record"], "definition": record.definition and record.definition.hex(), "fields": record.fields, "events": events,
            "history": [{"change": h.id.hex(), "verdict": verdict} for h, verdict in record.history()],
            "heads": [head.hex() for head in record.heads],
        }
        times = {
            h.id.hex(): {"witnessed": h.witnessed and h.witnessed[0], "doubt": doubt_of(h.recorded, h.kept, h.before)} for h in changes
        }
        return {"state": state, "times": times}

    def bundle(self, v):
        data = (self.home / "bundle" / v["bundle"]).read_bytes()
        if "replace" in v or "remove" in v:
            files = unpack(data)
            for path in v.get("remove", []):
                del files[path]
            files.update({path: BYTES(content) for path, content in v.get("replace", {}).items()})
            if "MANIFEST.sha256" not in v.get("replace", {}):
                files["MANIFEST.sha256"] = manifest(files).encode()
            data = pack(files)
        if "xor_at" in v:
            at = v["xor_at"]
            data = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
        data = data[: v.get("cut_to", len(data))] + BYTES(v.get("append", ""))
        bundle = Bundle(data, BYTES(v.get("founding", self.head["founding"])), self.ledgers)
        words = {}
        for record in bundle.records:
            for h, verdict in record.history():
                word = verdict["verdict"]
                if word == "counts":
                    word = "adopted" if verdict["adopted"] else "provisional" if verdict["provisional"] else "counts"
                words[h.id.hex()] = word
        return {"verdicts": words}


if __name__ == "__main__":
    if sys.argv[1] == "vectors":
        Replay(Path(sys.argv[2])).all()
    else:
        made = Bundle(Path(sys.argv[2]).read_bytes(), Path(sys.argv[3]).read_bytes(), Replay(Path(sys.argv[4])).ledgers)
        print(f"{len(made.records)} records, {len(made.changes)} changes, {len(made.directory.held)} statements")
