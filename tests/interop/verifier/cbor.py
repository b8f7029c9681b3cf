"""Deterministic CBOR (01-encoding.md, C-1 to C-7) and combinators for the types of the pages.

`decode` reads one value and accepts nothing but its one canonical spelling.  A *type* is a function that takes such a raw
value and gives the parsed one or raises Codec; maps become dictionaries with the names of the pages.
"""


class Codec(Exception):
    """Not CBOR, not canonical, or not of the type asked for."""


I64_MIN, I64_MAX, U64_MAX = -(1 << 63), (1 << 63) - 1, (1 << 64) - 1
U8, U16, U32 = (1 << 8) - 1, (1 << 16) - 1, (1 << 32) - 1


# -- bytes to raw values -------------------------------------------------------------------------------------------------

def _head(data, at):
    """Major type, argument and next position; the shortest head only (C-1), definite lengths only."""
    if at >= len(data):
        raise Codec("cut")
    major, info = data[at] >> 5, data[at] & 31
    at += 1
    if info < 24:
        return major, info, at
    if info > 27:
        raise Codec("indefinite or reserved length")
    width = 1 << (info - 24)
    if at + width > len(data):
        raise Codec("cut")
    value = int.from_bytes(data[at:at + width], "big")
    if major != 7 and value < (24 if width == 1 else 1 << (4 * width)):
        raise Codec("not the shortest head")
    return major, value, at + width


def _item(data, at, depth):
    if depth > 64:
        raise Codec("too deep")
    if at < len(data) and data[at] >> 5 == 7:           # only false, true and null of major type 7 (C-2)
        simple = {0xF4: False, 0xF5: True, 0xF6: None}
        if data[at] not in simple:
            raise Codec("float or simple value")
        return simple[data[at]], at + 1
    major, n, at = _head(data, at)
    if major == 0:
        return n, at
    if major == 1:
        if -1 - n < I64_MIN:
            raise Codec("integer below -2^63")
        return -1 - n, at
    if major in (2, 3):
        if at + n > len(data):
            raise Codec("cut")
        raw = bytes(data[at:at + n])
        if major == 2:
            return raw, at + n
        try:
            return raw.decode("utf-8"), at + n
        except UnicodeDecodeError:
            raise Codec("text is not UTF-8")
    if major == 4:
        out = []
        for _ in range(n):
            value, at = _item(data, at, depth + 1)
            out.append(value)
        return out, at
    if major == 5:
        out, last = {}, -1
        for _ in range(n):
            key, at = _item(data, at, depth + 1)
            if type(key) is not int or key < 0:
                raise Codec("map key is not an unsigned integer")
            if key <= last:
                raise Codec("map keys do not ascend")
            last = key
            out[key], at = _item(data, at, depth + 1)
        return out, at
    raise Codec("tag")


def decode(data):
    """The one raw value that `data` spells canonically, with nothing behind it."""
    value, at = _item(data, 0, 0)
    if at != len(data):
        raise Codec("trailing bytes")
    return value


def encode(value):
    """The canonical bytes of a raw value."""
    def head(major, n):
        if n < 24:
            return bytes([major << 5 | n])
        for info, width in ((24, 1), (25, 2), (26, 4), (27, 8)):
            if n < 1 << (8 * width):
                return bytes([major << 5 | info]) + n.to_bytes(width, "big")
        raise ValueError(n)
    if value is None:
        return b"\xf6"
    if value is True or value is False:
        return b"\xf5" if value else b"\xf4"
    if isinstance(value, int):
        return head(0, value) if value >= 0 else head(1, -1 - value)
    if isinstance(value, (bytes, bytearray)):
        return head(2, len(value)) + bytes(value)
    if isinstance(value, str):
        raw = value.encode("utf-8")
        return head(3, len(raw)) + raw
    if isinstance(value, (list, tuple)):
        return head(4, len(value)) + b"".join(encode(v) for v in value)
    if isinstance(value, dict):
        return head(5, len(value)) + b"".join(encode(k) + encode(value[k]) for k in sorted(value))
    raise TypeError(type(value))


# -- types ----------------------------------------------------------------------------------------------------------------

def integer(low, high):
    def read(v):
        if type(v) is not int or not low <= v <= high:
            raise Codec("integer")
        return v
    return read


uint, int64 = integer(0, U64_MAX), integer(I64_MIN, I64_MAX)
u8, u16, u32 = integer(0, U8), integer(0, U16), integer(0, U32)


def boolean(v):
    if type(v) is not bool:
        raise Codec("bool")
    return v


def bstr(length=None, longest=None):
    def read(v):
        if type(v) is not bytes or (length is not None and len(v) != length) or (longest is not None and len(v) > longest):
            raise Codec("byte string")
        return v
    return read


def tstr(longest=None):
    def read(v):
        if type(v) is not str or (longest is not None and len(v.encode("utf-8")) > longest):
            raise Codec("text string")
        return v
    return read


def listof(kind, longest=None):
    """A list has as many items as its bound, or its type's, allows (C-2)."""
    def read(v):
        if type(v) is not list or (longest is not None and len(v) > longest):
            raise Codec("list")
        return [kind(x) for x in v]
    return read


def enum(names):
    """C-6; `names` maps numbers to identifiers, the parsed value stays the number."""
    def read(v):
        if type(v) is not int or v not in names:
            raise Codec("enumeration")
        return v
    return read


def mapof(**fields):
    """C-3.  Each field is name=(key, type) or name=(key, type, default) where it may be absent."""
    by_key = {f[0]: (name, f) for name, f in fields.items()}

    def read(v):
        if type(v) is not dict or any(k not in by_key for k in v):
            raise Codec("map")
        out = {}
        for key, (name, f) in by_key.items():
            if key in v:
                if v[key] is None:
                    raise Codec("null for an absent value")
                out[name] = f[1](v[key])
            elif len(f) == 3:
                out[name] = f[2]
            else:
                raise Codec("missing key")
        return out
    return read


def arrayof(*kinds, optional=0):
    """C-4; the last `optional` items may be absent, and are then left out."""
    def read(v):
        if type(v) is not list or not len(kinds) - optional <= len(v) <= len(kinds):
            raise Codec("array")
        if len(v) > len(kinds) - optional and v[-1] is None:
            raise Codec("null for an absent last item")
        return [None if x is None and i >= len(kinds) - optional else kinds[i](x) for i, x in enumerate(v)] \
            + [None] * (len(kinds) - len(v))
    return read


def nullable(kind):
    return lambda v: None if v is None else kind(v)


def variant(cases):
    """C-5; `cases` maps numbers to an arrayof.  Parsed: (number, items)."""
    def read(v):
        if type(v) is not list or len(v) != 2 or type(v[0]) is not int or v[0] not in cases:
            raise Codec("variant")
        return (v[0], cases[v[0]](v[1]))
    return read


def parse(kind, data, longest=None):
    """Bytes to a parsed value; the longest form is checked before decoding (C-7)."""
    if longest is not None and len(data) > longest:
        raise Codec("too long")
    return kind(decode(data))
