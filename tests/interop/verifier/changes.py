"""Changes and what stands in them: bounds, events, sealed payloads (04-records.md, 05-spaces.md)."""

import datetime
import hashlib
import hmac
import re
import unicodedata

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from . import cbor, layout
from .cbor import Codec
from .crypto import H


class ChangeError(Exception):
    """The argument is the reason."""


LONGEST, SALT, SEALED_SALT = 131072, 16, 32
_KEY = re.compile(r"f:[a-z0-9_-]+(/[a-z0-9_-]+)*\Z")
_INSTANT = re.compile(r"(\d{4}-\d\d-\d\d)T([01]\d|2[0-3]):[0-5]\d:[0-5]\d\+08:00\Z", re.A)
_NUMBER = re.compile("[0-9\uff10-\uff19]{7}")
_DATE = re.compile(r"\d{4}-\d\d-\d\d\Z", re.A)


def is_date(text):
    if not _DATE.match(text) or text < "1900":
        return False
    try:
        datetime.date(int(text[:4]), int(text[5:7]), int(text[8:]))
        return True
    except ValueError:
        return False


def is_instant(text):
    m = _INSTANT.match(text)
    return bool(m) and is_date(m.group(1))


def happened(text):
    return is_date(text) or is_instant(text)


def _ascends(ids):
    return all(a < b for a, b in zip(ids, ids[1:]))


def _heads(of):
    return of[0] != 1 or 1 <= len(of[1][0]) <= 64 and _ascends(of[1][0])


def _for_another(actor, h, proof):
    return not layout.blank(actor[0]) and not layout.blank(actor[1]) and happened(h) and proof != layout.KEY_PROOF


def _right(case, items):
    return case == 1 or happened(items[0]) and (items[1] is None or not layout.blank(items[1]))


def note_fault(note):
    """What a remark that stays for ever may not be (P-16)."""
    control = any(unicodedata.category(c) == "Cc" for c in note)
    if layout.blank(note) or len(note) > 200 or control:
        return "note"
    return "note_number" if _NUMBER.search(note) else None


def is_field_key(key):
    return bool(_KEY.match(key)) and len(key) <= 128


def read_event(data):
    """(kind, items) with the bounds of 04; for kinds see layout.EVENTS."""
    try:
        kind, items = cbor.parse(layout.event, data)
    except Codec:
        raise ChangeError("event")
    good = {1: lambda h: happened(h),
            2: lambda deputy, level, h, proof: not layout.blank(deputy) and happened(h),
            3: lambda text, h: not layout.blank(text) and happened(h),
            4: lambda level, org, heads, digest: True,
            5: lambda changes: 1 <= len(changes) <= 256 and _ascends(changes),
            6: lambda of, reason, right: not layout.blank(reason) and _right(*right),
            7: _heads,
            8: lambda key, kinds, digest, note: (key == "e:" or is_field_key(key)) and kinds and _ascends(kinds)
            and note_fault(note) is None,
            9: lambda actor, level, h, proof, evidence: _for_another(actor, h, proof),
            10: lambda of, actor, h, proof, evidence: _heads(of) and _for_another(actor, h, proof)}[kind]
    if not good(*items):
        raise ChangeError("event")
    return kind, items


def read_change(data, salt_length=SALT):
    """A `Change` that keeps the bounds of protocol version 1.  Its puts are (key, value, event or None)."""
    if len(data) > LONGEST:
        raise ChangeError("too_long")
    try:
        c = cbor.parse(layout.change, data)
    except Codec:
        raise ChangeError("codec")
    if len(c["salt"]) not in (SALT, SEALED_SALT):
        raise ChangeError("salt")
    if len(c["deps"]) > 64 or any(a >= b for a, b in zip(c["deps"], c["deps"][1:])):
        raise ChangeError("deps")
    if not 1 <= len(c["puts"]) <= 256:
        raise ChangeError("puts")
    c["puts"] = [_put(key, value) for key, value in c["puts"]]
    fields = [key for key, _, event in c["puts"] if event is None]
    if len(set(fields)) < len(fields):
        raise ChangeError("twice")
    if len(c["salt"]) != salt_length:
        raise ChangeError("salt")
    return c


def _put(key, value):
    if isinstance(value, bytes) and len(value) > 16384 or isinstance(value, str) and len(value.encode()) > 16384:
        raise ChangeError("value")
    if key == "e:":
        if not isinstance(value, bytes):
            raise ChangeError("key")
        return key, value, read_event(value)
    if not is_field_key(key):
        raise ChangeError("key")
    return key, value, None


def event_id(change_id, position):
    return H("lianzhan/event/v1", change_id, position.to_bytes(8, "big"))


def leaf_salt(change_salt, position):
    """S-2."""
    return hmac.new(change_salt, position.to_bytes(8, "big"), hashlib.sha256).digest()


# -- sealed payloads (P-10, P-11) ----------------------------------------------------------------------------------------

def _rotl(x, n):
    return (x << n | x >> (32 - n)) & 0xFFFFFFFF


def hchacha20(key, nonce16):
    s = [0x61707865, 0x3320646E, 0x79622D32, 0x6B206574] + \
        [int.from_bytes((key + nonce16)[i:i + 4], "little") for i in range(0, 48, 4)]
    for _ in range(10):
        for a, b, c, d in ((0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15),
                           (0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14)):
            for x, y, z, n in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
                s[x] = (s[x] + s[y]) & 0xFFFFFFFF
                s[z] = _rotl(s[z] ^ s[x], n)
    return b"".join(x.to_bytes(4, "little") for x in s[:4] + s[12:])


def open_sealed(key, commitment, record, payload):
    """The change inside; XChaCha20-Poly1305 is ChaCha20-Poly1305 under a key of HChaCha20."""
    if H("lianzhan/annex-key/v1", key) != commitment:
        raise ChangeError("other_key")
    if len(payload) < 24 + 16:
        raise ChangeError("altered")
    nonce = payload[:24]
    try:
        inside = ChaCha20Poly1305(hchacha20(key, nonce[:16])).decrypt(
            b"\0" * 4 + nonce[16:], payload[24:], b"lianzhan/sealed/v1\0" + record)
    except InvalidTag:
        raise ChangeError("altered")
    return read_change(inside, SEALED_SALT)
