"""Verifies evidence bundles and replays tests/vectors; beside the standard library it needs Ed25519 and ChaCha20-Poly1305.

Written from docs/spec and tests/vectors alone, by someone who had not seen the program; `definitions` and `settings` by who
wrote the page 09 from the program. Rules are named as the pages number them.

    python -B -m verifier vectors VECTORS
    python -B -m verifier bundle BUNDLE FOUNDING VECTORS
    python -B -m verifier fuzz ROUNDS SEED VECTORS

From the inside outward: `cbor`, `layout`, `crypto`, `merkle`, `notes` know bytes; `cose`, `succession`, `trust` the
directory; `logs`, `witness` logs and receipts; `changes`, `ledger`, `graph`, `judge`, `seals`, `records` records; `definitions`, `settings` what orgs state for all below;
`archive`, `bundle`, `shown_log`, `policy`, `needed`, `summary` bundles.
"""
