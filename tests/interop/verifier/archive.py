"""The container of a bundle: a ustar archive in one spelling, and its manifest (07-bundle.md, V-1, V-2)."""

import hashlib
import re

LONGEST = 1610612736
_PATH = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*\Z")
MANIFEST = "MANIFEST.sha256"


class Refused(Exception):
    """The first failure: one file and one reason."""

    def __init__(self, path, reason):
        super().__init__("%s: %s" % (path, reason))
        self.path, self.reason = path, reason


def good_path(path):
    return len(path) <= 100 and bool(_PATH.match(path))


def _header(path, size):
    head = path.encode().ljust(100, b"\0") + b"0000644\0" + b"0000000\0" * 2 + b"%011o\0" % size + b"00000000000\0" \
        + b" " * 8 + b"0" + bytes(100) + b"ustar\00000" + bytes(64) + bytes(16) + bytes(155) + bytes(12)
    return head[:148] + b"%07o\0" % sum(head) + head[156:]


def pack(files):
    """The one archive that holds these files."""
    out = []
    for path in sorted(files, key=str.encode):
        data = files[path]
        out += [_header(path, len(data)), data, bytes(-len(data) % 512)]
    return b"".join(out) + bytes(1024)


def unpack(data):
    """V-1: path -> content."""
    if len(data) > LONGEST:
        raise Refused("archive", "too_long")
    files, at, last = {}, 0, ""
    while True:
        head = data[at:at + 512]
        if head == bytes(512):
            if data[at:] != bytes(1024):
                raise Refused("archive", "archive")
            return files
        path, size = head[:100].rstrip(b"\0").decode("latin-1"), head[124:135]
        if len(head) < 512 or not good_path(path) or not re.fullmatch(rb"[0-7]{11}", size):
            raise Refused("archive", "archive")
        size = int(size, 8)
        end, padded = at + 512 + size, at + 512 + size + -size % 512
        if head != _header(path, size) or path <= last or padded > len(data) or data[end:padded] != bytes(padded - end):
            raise Refused("archive", "archive")
        files[path] = data[at + 512:end]
        at, last = padded, path


def manifest(files):
    """What sha256sum prints over all other files, by path."""
    return "".join("%s  %s\n" % (hashlib.sha256(files[p]).hexdigest(), p)
                   for p in sorted(files, key=str.encode) if p != MANIFEST).encode()


def check_manifest(files):
    """V-2."""
    if MANIFEST not in files:
        raise Refused(MANIFEST, "missing")
    expected = manifest(files)
    if files[MANIFEST] == expected:
        return
    try:
        listed = dict(line.split("  ", 1)[::-1] for line in files[MANIFEST].decode("utf-8").splitlines())
    except ValueError:
        raise Refused(MANIFEST, "manifest")
    for line in expected.decode().splitlines():
        digest, path = line.split("  ", 1)
        if path not in listed:
            raise Refused(path, "not_listed")
        if listed.pop(path) != digest:
            raise Refused(path, "digest")
    if listed:
        raise Refused(min(listed), "missing")
    raise Refused(MANIFEST, "manifest")
