"""Keys, signatures and hashes (01-encoding.md, C-8 to C-12)."""

import hashlib

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

P = (1 << 255) - 19
L = (1 << 252) + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
SQRT_M1 = pow(2, (P - 1) // 4, P)
EMPTY_ROOT = hashlib.sha256(b"").digest()


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def H(domain, *parts):
    """C-12."""
    return sha256(domain.encode(), b"\0", *parts)


def decompress(raw):
    """The point that 32 bytes encode canonically (RFC 8032 5.1.3), or None."""
    sign, y = raw[31] >> 7, int.from_bytes(raw, "little") & ((1 << 255) - 1)
    if y >= P:
        return None
    u, v = (y * y - 1) % P, (D * y * y + 1) % P
    x = u * pow(v, 3, P) * pow(u * pow(v, 7, P), (P - 5) // 8, P) % P
    if v * x * x % P == -u % P:
        x = x * SQRT_M1 % P
    if v * x * x % P != u:
        return None
    return ((P - x) % P if x & 1 != sign else x, y)


def _add(a, b):
    (x1, y1), (x2, y2) = a, b
    k = D * x1 * x2 * y1 * y2 % P
    return ((x1 * y2 + x2 * y1) * pow(1 + k, P - 2, P) % P, (y1 * y2 + x1 * x2) * pow(1 - k, P - 2, P) % P)


def small_order(point):
    for _ in range(3):
        point = _add(point, point)
    return point == (0, 1)


_keys = {}


def key_fault(raw):
    """C-9: None, `malformed` or `weak`."""
    if raw not in _keys:
        point = decompress(raw)
        _keys[raw] = "malformed" if point is None else "weak" if small_order(point) else None
    return _keys[raw]


_verified = {}


def verify(key, message, signature):
    """C-10: strict Ed25519."""
    seen = (key, message, signature)
    if seen not in _verified:
        _verified[seen] = _verify(*seen)
    return _verified[seen]


def _verify(key, message, signature):
    if len(signature) != 64 or key_fault(key) or int.from_bytes(signature[32:], "little") >= L:
        return False
    r = decompress(signature[:32])
    if r is None or small_order(r):
        return False
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
        return True
    except (InvalidSignature, ValueError):
        return False


def verify_domain(domain, key, message, signature):
    """C-11."""
    return verify(key, domain.encode() + b"\0" + message, signature)


def fingerprint(key):
    return H("lianzhan/key-fingerprint/v1", key)[:8].hex()
