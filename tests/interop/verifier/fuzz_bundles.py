"""Mutants of the bundles of tests/vectors under a manifest that fits them: all are refused, and none breaks the verifier."""

import collections
import itertools
import json
import os
import random

from . import archive, bundle, cose
from .ledger import load_ledgers


def _mutant(random_, data):
    """Other bytes: a bit, a byte, one less, one more, or the end cut off."""
    data, how = bytearray(data), random_.randrange(5)
    if how == 0:
        data[random_.randrange(len(data))] ^= 1 << random_.randrange(8)
    elif how == 1:
        data[random_.randrange(len(data))] = random_.randrange(256)
    elif how == 2:
        del data[random_.randrange(len(data))]
    elif how == 3:
        data.insert(random_.randrange(len(data) + 1), random_.randrange(256))
    else:
        del data[random_.randrange(len(data)):]
    return bytes(data)


def mutants(random_, bundles):
    """Without end: the name of a bundle, and other files than it has."""
    names = sorted(bundles)
    while True:
        name = random_.choice(names)
        files = dict(bundles[name])
        path = random_.choice([path for path in sorted(files) if path != archive.MANIFEST])
        how = random_.randrange(12)
        if how == 0:
            del files[path]
        elif how == 1:
            other = bundles[random_.choice(names)]
            path = random_.choice(sorted(other))
            files[path] = other[path]
        else:
            files[path] = _mutant(random_, files[path])
        files[archive.MANIFEST] = archive.manifest(files)
        if files != bundles[name]:
            yield name, files


def run(rounds, seed, vectors):
    folder = os.path.join(vectors, "bundle")
    bundles = {}
    for name in os.listdir(folder):
        with open(os.path.join(folder, name), "rb") as file:
            bundles[name] = archive.unpack(file.read())
    with open(os.path.join(vectors, "bundle.json"), encoding="utf-8") as file:
        trusted = cose.read_founding(bytes.fromhex(json.load(file)["founding"]))["id"]
    ledgers, reasons = load_ledgers(os.path.join(vectors, "ledger")), collections.Counter()
    for name, files in itertools.islice(mutants(random.Random(seed), bundles), rounds):
        try:
            bundle.verified(archive.pack(files), trusted, ledgers)
        except archive.Refused as refused:
            reasons[refused.reason] += 1
        else:
            changed = sorted(path for path in {*files, *bundles[name]} if files.get(path) != bundles[name].get(path))
            raise AssertionError(f"seed {seed}, after {reasons.total()}: {name} verifies with other {changed}")
    return f"{reasons.total()} bundles refused: {dict(reasons.most_common())}"
