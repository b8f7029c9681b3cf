"""Texts of C2SP: signed notes, checkpoints, cosignatures, proof files, policies (03-log.md L-9 to L-11, 07-bundle.md)."""

import base64
import binascii
import re
import unicodedata

from .crypto import fingerprint, sha256, verify
from .layout import is_origin


class NoteError(Exception):
    """The argument is the reason."""


ED25519, COSIGNATURE = 1, 4
LONGEST, MOST_LINES = 65536, 100


def unbase64(text):
    """Canonical base64 or None."""
    try:
        raw = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError, ValueError):
        return None
    return raw if base64.b64encode(raw).decode() == text else None


def b64(raw):
    return base64.b64encode(raw).decode()


def key_id(name, kind, key):
    return sha256(name.encode(), b"\n", bytes([kind]), key)[:4]


def vkey(name, kind, key):
    return "%s+%s+%s" % (name, key_id(name, kind, key).hex(), b64(bytes([kind]) + key))


def _valid_name(name):
    return bool(name) and "+" not in name and not any(c.isspace() or unicodedata.category(c) == "Zs" for c in name)


class Note:
    """A signed note: `text` and [(name, key id, signature)]."""

    def __init__(self, note):
        if len(note.encode("utf-8")) > LONGEST:
            raise NoteError("too_long")
        if any(ord(c) < 0x20 and c != "\n" for c in note):
            raise NoteError("control_character")
        at = note.rfind("\n\n")
        if at < 0 or not note.endswith("\n") or at + 2 >= len(note):
            raise NoteError("no_signature_block")
        self.text, block = note[:at + 1], note[at + 2:]
        self.lines, seen = [], set()
        for line in block[:-1].split("\n"):
            if len(self.lines) == MOST_LINES:
                raise NoteError("too_many_signatures")
            parts = line.split(" ")
            if len(parts) != 3 or parts[0] != "\u2014" or not _valid_name(parts[1]):
                raise NoteError("malformed_line")
            raw = unbase64(parts[2])
            if raw is None or len(raw) < 5:
                raise NoteError("malformed_line")
            if (parts[1], raw[:4]) in seen:
                raise NoteError("duplicate_signature")
            seen.add((parts[1], raw[:4]))
            self.lines.append((parts[1], raw[:4], raw[4:]))

    def find(self, name, kid):
        for n, k, signature in self.lines:
            if (n, k) == (name, kid):
                return signature
        return None

    def check_signed(self, name, key):
        """The Ed25519 line of `name` and `key`."""
        signature = self.find(name, key_id(name, ED25519, key))
        if signature is None:
            raise NoteError("not_signed_by")
        if not verify(key, self.text.encode(), signature):
            raise NoteError("bad_signature")


def checkpoint_text(origin, size, root):
    return "%s\n%d\n%s\n" % (origin, size, b64(root))


def parse_checkpoint(text):
    """Origin, size and root of a checkpoint's text: three lines and no extension (L-9)."""
    if not text.endswith("\n") or text.count("\n") != 3:
        raise NoteError("not_three_lines")
    origin, size, root = text[:-1].split("\n")
    if not is_origin(origin):
        raise NoteError("bad_origin")
    if not re.fullmatch(r"0|[1-9][0-9]{0,18}", size) or int(size) > 1 << 62:
        raise NoteError("bad_size")
    raw = unbase64(root)
    if raw is None or len(raw) != 32:
        raise NoteError("bad_root")
    return origin, int(size), raw


def open_checkpoint(text, origin, key):
    """A note that is a checkpoint of `origin` signed by `key` under it (L-9): size and root."""
    try:
        note = Note(text)
    except NoteError as fault:
        raise NoteError("note") from fault
    found, size, root = parse_checkpoint(note.text)
    if found != origin:
        raise NoteError("other_origin")
    try:
        note.check_signed(origin, key)
    except NoteError as fault:
        raise NoteError("note") from fault
    return size, root


def cosigned_text(time_s, text):
    return "cosignature/v1\ntime %d\n%s" % (time_s, text)


def check_cosignature(note, name, key, text):
    """The time at which `key` cosigned `text` in this note."""
    n = Note(note)
    if n.text != text:
        raise NoteError("other_checkpoint")
    line = n.find(name, key_id(name, COSIGNATURE, key))
    if line is None:
        raise NoteError("not_cosigned_by")
    if len(line) != 72:
        raise NoteError("bad_signature")
    time_s = int.from_bytes(line[:8], "big")
    if time_s >= 1 << 63:
        raise NoteError("time_out_of_range")
    if not verify(key, cosigned_text(time_s, text).encode(), line[8:]):
        raise NoteError("bad_signature")
    return time_s


def log_line(origin, key, signature):
    return "\u2014 %s %s\n" % (origin, b64(key_id(origin, ED25519, key) + signature))


def witness_name(key):
    return "lianzhan/witness/" + fingerprint(key)


def cosignature_line(name, key, time_s, signature):
    return "\u2014 %s %s\n" % (name, b64(key_id(name, COSIGNATURE, key) + time_s.to_bytes(8, "big") + signature))


LONGEST_PROOF_FILE = 131072
_NUMBER = r"(0|[1-9][0-9]{0,19})"


def _split_proof(text, first):
    """Number, hashes and note of a proof file whose first lines match `first` with the number as only group."""
    found = re.match(first, text)
    if not found or len(text.encode()) > LONGEST_PROOF_FILE:
        raise NoteError("proof_file")
    number, hashes, rest = int(found.group(1)), [], text[found.end():]
    if number >= 1 << 64:
        raise NoteError("proof_file")
    while True:
        line, newline, rest = rest.partition("\n")
        if not newline:
            raise NoteError("proof_file")
        if not line:
            return number, hashes, rest
        raw = unbase64(line)
        if raw is None or len(raw) != 32 or len(hashes) == 63:
            raise NoteError("proof_file")
        hashes.append(raw)


def parse_tlog_proof(text):
    """C2SP tlog-proof: index, hashes, note, and whether it has an extra line."""
    extra = re.match(r"c2sp\.org/tlog-proof@v1\nextra ([A-Za-z0-9+/=]*)\n", text)
    if extra and unbase64(extra.group(1)) is None:
        raise NoteError("proof_file")
    return _split_proof(text, r"c2sp\.org/tlog-proof@v1\n(?:extra [A-Za-z0-9+/=]*\n)?index " + _NUMBER + r"\n") \
        + (bool(extra),)


def parse_growth(text):
    """The body of an add-checkpoint request: old size, hashes, note."""
    return _split_proof(text, r"old " + _NUMBER + r"\n")
