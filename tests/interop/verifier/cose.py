"""COSE envelopes and what stands in them: founding statement, successions, statements (02-trust.md)."""

from . import cbor, layout
from .cbor import Codec
from .crypto import H, verify


class Bad(Exception):
    """Refused; the argument is the reason."""


LONGEST = 16384


def envelope(data, longest=LONGEST):
    """The four parts of a COSE_Sign or COSE_Sign1: canonical, untagged, an empty unprotected map."""
    if len(data) > longest:
        raise Bad("too_long")
    try:
        parts = cbor.decode(data)
    except Codec:
        raise Bad("cose")
    if type(parts) is not list or len(parts) != 4 or type(parts[0]) is not bytes or parts[1] != {} \
            or type(parts[2]) is not bytes:
        raise Bad("cose")
    return parts


def cose_sign(data, longest=LONGEST):
    """Payload and signatures [protected, {}, signature] of a COSE_Sign (02, Founding statement); none is checked yet."""
    protected, _, payload, signatures = envelope(data, longest)
    if protected != b"" or type(signatures) is not list:
        raise Bad("cose")
    for parts in signatures:
        if type(parts) is not list or len(parts) != 3 or type(parts[0]) is not bytes or parts[1] != {} \
                or type(parts[2]) is not bytes:
            raise Bad("cose")
        _header(parts[0])
    return payload, signatures


def _header(protected):
    """The kid of `protected = {1: -8, 4: kid}`."""
    try:
        header = cbor.decode(protected)
    except Codec:
        raise Bad("cose")
    if type(header) is not dict or set(header) != {1, 4} or header[1] != -8 or type(header[4]) is not bytes \
            or not header[4]:
        raise Bad("cose")
    return header[4]


def check_signers(domain, payload, signatures, founders, threshold):
    """Every signature is by a different founder and verifies, and at least the threshold signed (T-1, T-25)."""
    signed = set()
    for protected, _, signature in signatures:
        kid = _header(protected)
        if kid not in founders or kid in signed:
            raise Bad("signature")
        signed.add(kid)
        if not verify(kid, cbor.encode(["Signature", b"", protected, domain.encode(), payload]), signature):
            raise Bad("signature")
    if len(signed) < threshold:
        raise Bad("too_few")


def _ascending(items):
    return all(a < b for a, b in zip(items, items[1:]))


def is_valid_description(org):
    """The part of T-7 that speaks of the description alone."""
    return all(1 <= len(n.encode()) <= 200 and not layout.blank(n) for n in (org["name_zh"], org["name_en"])) \
        and len(org["code"]) in (2, 4, 6, 9, 12) and all("0" <= c <= "9" for c in org["code"])


def _check_founders(f):
    if not 1 <= len(f["founders"]) <= 15 or not _ascending(f["founders"]) or not 1 <= f["threshold"] <= len(f["founders"]) \
            or f["validity"]["not_before"] >= f["validity"]["not_after"]:
        raise Bad("content")


def read_founding(data):
    """T-1."""
    payload, signatures = cose_sign(data)
    try:
        f = cbor.parse(layout.founding, payload)
    except Codec:
        raise Bad("payload")
    if f["version"] != 1 or f["root"]["parent"] is not None or not is_valid_description(f["root"]):
        raise Bad("content")
    _check_founders(f)
    check_signers("lianzhan/founding/v1", payload, signatures, f["founders"], f["threshold"])
    f["id"] = H("lianzhan/founding-id/v1", payload)
    return f


def read_succession(data):
    """The succession in a statement's body, with what its goodness is judged by; Bad where it cannot be read (T-25)."""
    payload, signatures = cose_sign(data, 15360)
    try:
        s = cbor.parse(layout.succession, payload)
    except Codec:
        raise Bad("payload")
    s["id"] = H("lianzhan/succession-id/v1", payload)
    s["payload"], s["signatures"] = payload, signatures
    return s


def is_good_succession(s, founders, threshold):
    """T-25 against the founders in office."""
    try:
        if s["version"] != 1 or len(s["keeps"]) > 640 or not _ascending(s["keeps"]):
            raise Bad("content")
        _check_founders(s)
        check_signers("lianzhan/succession/v1", s["payload"], s["signatures"], founders, threshold)
        return True
    except Bad:
        return False


# {1: -8}: EdDSA
PROTECTED = bytes.fromhex("a10127")


class Statement:
    """A statement that passed T-3."""

    def __init__(self, data):
        protected, _, payload, signature = envelope(data)
        if protected != PROTECTED or type(signature) is not bytes:
            raise Bad("cose")
        try:
            s = cbor.parse(layout.statement, payload)
        except Codec:
            raise Bad("payload")
        tbs = cbor.encode(["Signature1", protected, b"lianzhan/statement/v1", payload])
        if not verify(s["issuer"]["key"], tbs, signature):
            raise Bad("signature")
        self.bytes = data
        self.id = H("lianzhan/statement-id/v1", data)
        self.tag = self.id[:16]
        self.issuer, self.kind, self.body = s["issuer"], s["body"][0], s["body"][1][0]

    @property
    def is_appointment(self):
        return self.kind == layout.APPOINT
