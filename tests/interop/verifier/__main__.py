"""The commands."""

import argparse
import os
import sys

from . import cose
from .archive import Refused
from .bundle import verified
from .ledger import load_ledgers
from .vectors import replay


def read(path):
    with open(path, "rb") as file:
        return file.read()


def bundle(args):
    """Says what was verified, or the file and the reason because of which nothing was."""
    try:
        trusted = cose.read_founding(read(args.founding))["id"]
        shown = verified(read(args.bundle), trusted, load_ledgers(os.path.join(args.vectors, "ledger")))
    except cose.Bad as fault:
        sys.exit(f"the founding statement that is to be trusted is none: {fault}")
    except Refused as refused:
        sys.exit(f"refused: {refused}")
    print(f"{len(shown.records)} records, {len(shown.changes)} changes, {len(shown.statements)} statements")


def vectors(args):
    """Says how many vectors were replayed, or which of them say something else."""
    count, failures = replay(args.vectors, args.only)
    if failures:
        sys.exit("\n".join(failures))
    print(f"{count} vectors")


def fuzz(args):
    """Says what was tried; ends with the first finding."""
    from . import fuzz_bundles, fuzz_trust
    for part in (fuzz_bundles, fuzz_trust):
        print(part.run(args.rounds, args.seed, args.vectors), flush=True)


def main():
    parser = argparse.ArgumentParser(prog="verifier")
    commands = parser.add_subparsers(required=True)
    one = commands.add_parser("vectors", help="replay every vector of a folder")
    one.add_argument("vectors")
    one.add_argument("only", nargs="*", help="names of files, without .json")
    one.set_defaults(run=vectors)
    one = commands.add_parser("bundle", help="verify an evidence bundle offline")
    one.add_argument("bundle")
    one.add_argument("founding", help="the founding statement that is trusted")
    one.add_argument("vectors", help="where the ledger definitions are")
    one.set_defaults(run=bundle)
    one = commands.add_parser("fuzz", help="mutants of bundles; random federations")
    one.add_argument("rounds", type=int)
    one.add_argument("seed", type=int)
    one.add_argument("vectors")
    one.set_defaults(run=fuzz)
    args = parser.parse_args()
    args.run(args)


main()
