"""Fails if a WebAssembly module imports anything, or holds too little code for that to mean something.

usage: imports.py MODULE EXPORT
"""

import sys

IMPORTS, EXPORTS, CODE = 2, 7, 10
CODE_MIN = 200_000  # an export that reaches nothing of ours links up to 155,000 bytes of the standard library


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count):
        piece = self.data[self.at : self.at + count]
        if len(piece) < count:
            raise ValueError(f"ends at {len(self.data)}, {count} bytes wanted at {self.at}")
        self.at += count
        return piece

    def number(self):  # LEB128
        value = shift = 0
        while True:
            byte = self.take(1)[0]
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    def name(self):
        return self.take(self.number()).decode()


def sections(module):
    reader = Reader(module)
    if reader.take(8) != b"\0asm\1\0\0\0":
        raise ValueError("not a WebAssembly module of version 1")
    found = {}
    while reader.at < len(module):
        number = reader.take(1)[0]
        found[number] = reader.take(reader.number())  # of the custom ones (0), the last
    return found


def imports(module):
    reader = Reader(sections(module).get(IMPORTS, b"\0"))
    found = []
    for _ in range(reader.number()):
        found.append(f"{reader.name()}.{reader.name()}")
        kind = reader.take(1)[0]
        if kind == 0:  # function: its type
            reader.number()
        elif kind in (1, 2):  # table: element type, then limits; memory: limits
            reader.take(1 if kind == 1 else 0)
            if reader.number() & 1:
                reader.number()
            reader.number()
        elif kind == 3:  # global: type, mutability
            reader.take(2)
        elif kind == 4:  # tag: attribute, type
            reader.take(1)
            reader.number()
        else:
            raise ValueError(f"import of unknown kind {kind}")
    return found


def exports(module):
    reader = Reader(sections(module).get(EXPORTS, b"\0"))
    found = set()
    for _ in range(reader.number()):
        found.add(reader.name())
        reader.take(1)
        reader.number()
    return found


def check_itself():
    header = b"\0asm\1\0\0\0"
    function_and_memory = b"\2" + b"\3env\3now\0\0" + b"\3env\3mem\2\1\1\2"
    impure = header + bytes([IMPORTS, len(function_and_memory)]) + function_and_memory
    assert imports(impure) == ["env.now", "env.mem"] and imports(header) == [], "the check itself is broken"


def main(path, export):
    check_itself()
    with open(path, "rb") as file:
        module = file.read()
    code = len(sections(module).get(CODE, b""))
    if export not in exports(module) or code < CODE_MIN:
        sys.exit(f"{path}: {code} bytes of code and exports {sorted(exports(module))}: too little was linked")
    found = imports(module)
    if found:
        sys.exit(f"{path}: the protocol crate asks its host for {', '.join(found)}")
    print(f"wasm purity: no imports in {code} bytes of code")


main(*sys.argv[1:])
