"""When an entry was witnessed, and by whom (03-log.md, L-14 to L-17)."""

from . import layout

DAY = 86400


def keeps(revocation, r):
    """Whether a revocation keeps a receipt (L-14)."""
    body = revocation.body
    kind, items = body["ground"]
    in_cut = any(origin == r["witness_origin"] and index >= r["witness_index"] for origin, index in body["cut"])
    return in_cut and (kind == 1 or items[0] is not None and items[0] > r["time_s"])


def serves(directory, key, purpose, org, r):
    """L-14: by an appointment that stands then and of which every standing revocation keeps the receipt."""
    first, last = r["time_s"] * 1000, r["time_s"] * 1000 + 999
    return any(a.body["validity"]["not_before"] <= last and a.body["validity"]["not_after"] > first
               and all(keeps(x, r) for x in directory.revocations_of(a.id))
               for a in directory.appointments(key, purpose, org))


class LogView:
    """A log with the receipts that are good; `counted` are those that count, each with its group and org, in the order of
    L-15."""

    def __init__(self, directory, start, receipts):
        self.start, self.origin = start, start["origin"]
        self.groups = directory.groups(start["org"], start["required_parent"], start["policy"])
        self.counted = []
        for r in sorted(receipts, key=lambda r: (r["size"], r["time_s"], r["bytes"])):
            place = self.place(directory, r)
            if place:
                self.counted.append((r, *place))

    def place(self, directory, r):
        """The first group and org of it for which the receipt counts (L-14), or None."""
        for n, group in enumerate(self.groups or []):
            for org in group:
                if serves(directory, r["witness"], layout.WITNESS, org, r) \
                        and serves(directory, r["witness_node"], layout.NODE, org, r):
                    return n, org
        return None

    def kept(self, index):
        """Of the receipts that cover the entry, of each witness log the one with the lowest index (L-15)."""
        best = {}
        for item in self.counted:
            r = item[0]
            if r["size"] > index and (r["witness_origin"] not in best
                                      or r["witness_index"] < best[r["witness_origin"]][0]["witness_index"]):
                best[r["witness_origin"]] = item
        return list(best.values())

    def witnessed(self, index, only=None):
        """(time_s, org) of L-15, or None; with `only`, of what that revocation keeps (J-11)."""
        found = {}
        for r, group, org in self.kept(index):
            if only is None or only(r):
                word = (r["time_s"], org)
                found[group] = min(found.get(group, word), word)
        if not self.groups or len(found) < len(self.groups):
            return None
        last = max(time for time, _ in found.values())
        return next(word for _, word in sorted(found.items()) if word[0] == last)

    def doubt(self, index, recorded):
        """L-17."""
        at = max(recorded // 1000, 0)
        kept = self.kept(index)
        if kept and at > min(r["time_s"] for r, _, _ in kept):
            return "ahead"
        before = [r["time_s"] for r, _, _ in self.counted if r["size"] <= index]
        return "behind" if before and max(before) > at + DAY else None
