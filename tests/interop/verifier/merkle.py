"""RFC 6962 trees, with proofs checked as RFC 9162 2.1.3.2 and 2.1.4.2 say (L-8)."""

from .crypto import EMPTY_ROOT, sha256


# the longest proof (03, Types)
MOST_HASHES = 63


class ProofError(Exception):
    """The argument is the reason."""


def leaf_hash(data):
    return sha256(b"\0", data)


def node_hash(left, right):
    return sha256(b"\1", left, right)


def root_of(leaves):
    """The root over leaf hashes."""
    if not leaves:
        return EMPTY_ROOT
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return node_hash(root_of(leaves[:k]), root_of(leaves[k:]))


def check_inclusion(index, size, leaf, proof, root):
    if index >= size:
        raise ProofError("index_out_of_range")
    fn, sn, r = index, size - 1, leaf
    for c in proof:
        if sn == 0:
            raise ProofError("wrong_length")
        if fn & 1 or fn == sn:
            r = node_hash(c, r)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = node_hash(r, c)
        fn, sn = fn >> 1, sn >> 1
    if sn:
        raise ProofError("wrong_length")
    if r != root:
        raise ProofError("root_mismatch")


def check_consistency(old, new, old_root, new_root, proof):
    """That the tree of `new` leaves extends that of `old`.  From 0 leaves every tree grows, without a hash."""
    if old > new:
        raise ProofError("old_is_larger")
    if old == new or old == 0:
        if proof:
            raise ProofError("wrong_length")
        if old == 0 and old_root != EMPTY_ROOT:
            raise ProofError("old_root_mismatch")
        if old == new and old_root != new_root:
            raise ProofError("root_mismatch")
        return
    path = list(proof)
    if old & (old - 1) == 0:
        path.insert(0, old_root)
    if not path:
        raise ProofError("wrong_length")
    fn, sn = old - 1, new - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = path[0]
    for c in path[1:]:
        if sn == 0:
            raise ProofError("wrong_length")
        if fn & 1 or fn == sn:
            fr, sr = node_hash(c, fr), node_hash(c, sr)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = node_hash(sr, c)
        fn, sn = fn >> 1, sn >> 1
    if sn:
        raise ProofError("wrong_length")
    if fr != old_root:
        raise ProofError("old_root_mismatch")
    if sr != new_root:
        raise ProofError("root_mismatch")
