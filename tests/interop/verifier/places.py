"""Where orgs that changed stood, one place after the other, and what became of them (02-trust.md, T-32 to T-37)."""

from . import cose
from .layout import CHANGE_ORG, ORG, RANK

MOVED, SUCCEEDED = 1, 2
VERTICAL = (2, 3, 4, 5)


def ascending(items):
    return all(a < b for a, b in zip(items, items[1:]))


class Tree:
    """`orgs` as they are described now, `places` of those that moved (a list of description, place of the parent, change),
    and `ends` by org the change that ended it."""

    def __init__(self, root):
        self.orgs, self.places, self.ends = {root["id"]: root}, {}, {}

    def count(self, org):
        return len(self.places.get(org, (None,)))

    def has(self, org, generation):
        return org in self.orgs and 1 <= generation <= self.count(org)

    def parents(self, org):
        """The parents that an org has or had."""
        if org in self.places:
            return [o["parent"] for o, _, _ in self.places[org]]
        parent = self.orgs[org]["parent"] if org in self.orgs else None
        return [] if parent is None else [parent]

    def above(self, org):
        """The orgs that stand above, or ever did, nearest first where nothing moved."""
        out, todo = [], self.parents(org)
        while todo:
            next_, todo = todo[0], todo[1:]
            if next_ not in out:
                out.append(next_)
                todo += self.parents(next_)
        return out

    def line(self, org, generation):
        """T-36: an org at a place, then those above it there."""
        out = []
        while org is not None and self.has(org, generation):
            out.append(org)
            if org in self.places:
                description, generation, _ = self.places[org][generation - 1]
                org = description["parent"]
            else:
                org, generation = self.orgs[org]["parent"], 1
        return out

    def upward(self, org):
        """The org and those above it now."""
        out = []
        while org in self.orgs:
            out.append(org)
            org = self.orgs[org]["parent"]
        return out

    def closed(self, org, generation):
        """The change after a place, or None."""
        if generation < self.count(org):
            return self.places[org][generation][2]
        return self.ends.get(org)

    def settle(self, ranked, all_statements, stands):
        """T-34: places, then ends, of the orgs of one rank.  `stands` judges a statement by what is here."""
        of_org = {}
        for s in all_statements:
            if s.kind == CHANGE_ORG and s.body["org"] in ranked and s.issuer["org"] in self.orgs:
                of_org.setdefault(s.body["org"], []).append(s)
        highest = lambda s: (RANK[self.orgs[s.issuer["org"]]["level"]], s.id)
        ends = []
        for org in sorted(of_org):
            while True:
                good = [s for s in sorted(of_org[org], key=highest) if s.body["becomes"][0] == MOVED
                        and s.body["generation"] == self.count(org) + 1 and stands(s)]
                if not good:
                    break
                described, under = good[0].body["becomes"][1]
                self.places.setdefault(org, [(self.orgs[org], 1, None)]).append((described, under, good[0]))
                later = [s for s in all_statements if s.kind == ORG and s.issuer["org"] == described["parent"]
                         and s.body["id"] == org and RANK[s.body["level"]] == RANK[described["level"]]
                         and s.issuer["issued"] > good[0].issuer["issued"] and stands(s)]
                later.sort(key=lambda s: (-s.issuer["issued"], s.id))
                self.orgs = {**self.orgs, org: later[0].body if later else described}
            ends += [s for s in of_org[org] if s.body["becomes"][0] == SUCCEEDED]
        for s in sorted(ends, key=highest):
            if stands(s):
                self.places.setdefault(s.body["org"], [(self.orgs[s.body["org"]], 1, None)])
                self.ends[s.body["org"]] = s

    def fault(self, s, c):
        """T-33: why a change does not stand."""
        org, generation, (kind, items) = c["org"], c["generation"], c["becomes"]
        if not _is_well_formed(c):
            return "content"
        if not self.has(org, generation - 1):
            return "org_unknown"
        if s.issuer["org"] not in self.line(org, generation - 1)[1:]:
            return "out_of_reach"
        fault = self._move(s, org, *items) if kind == MOVED else self._successors(s, org, items[0])
        if fault:
            return fault
        if org not in self.places:
            return None
        if kind == MOVED:
            taken = self.places[org][generation - 1][2] if generation <= self.count(org) else None
        else:
            if generation <= self.count(org):
                return "content"
            taken = self.ends.get(org)
        return None if taken is None or taken.id == s.id else "content"

    def _move(self, s, org, described, under):
        parent = described["parent"]
        if parent is None:
            return "out_of_reach"
        if parent not in self.orgs:
            return "org_unknown"
        rank, above = RANK[described["level"]], RANK[self.orgs[parent]["level"]]
        if rank != RANK[self.orgs[org]["level"]] or above >= rank or len(described["code"]) != len(self.orgs[org]["code"]):
            return "content"
        if not self.has(parent, under):
            return "org_unknown"
        return None if s.issuer["org"] in self.line(parent, under) else "out_of_reach"

    def _successors(self, s, org, successors):
        for next_, generation in successors:
            if next_ == org or next_ in self.orgs \
                    and RANK[self.orgs[next_]["level"]] != RANK[self.orgs[org]["level"]]:
                return "content"
            if not self.has(next_, generation):
                return "org_unknown"
            if s.issuer["org"] not in self.line(next_, generation)[1:]:
                return "out_of_reach"
            if org in self.following(next_):
                return "content"
        return None

    def following(self, org):
        """An org, and those that succeeded it, and them."""
        out, todo = set(), [org]
        while todo:
            o = todo.pop()
            if o not in out:
                out.add(o)
                todo += [x for x, _ in self.ends[o].body["becomes"][1][0]] if o in self.ends else []
        return out

    def came_below(self, org, above):
        """T-20: whether the org changed, and stands below `above` at its last place."""
        return org in self.places and above in self.line(org, self.count(org))[1:]

    def left_behind(self, s):
        """T-35: the change by which a parent's appointment waits for an adoption, or None."""
        org, by = s.body["org"], s.issuer["org"]
        if org == by or org not in self.places:
            return None
        at = [n for n, (o, _, _) in enumerate(self.places[org], 1) if o["parent"] == by]
        change = self.closed(org, at[-1]) if at else None
        return change if change and change.issuer["org"] != by and s.tag not in change.body["keeps"] else None


def _is_well_formed(c):
    """T-32."""
    kind, items = c["becomes"]
    if c["generation"] < 2 or not 1 <= len(c["words"].encode()) <= 400 or cose.layout.blank(c["words"]) \
            or len(c["cut"]) > 64 or not ascending([x[0] for x in c["cut"]]) or len(c["keeps"]) > 640 \
            or not ascending(c["keeps"]) or not ascending(c["hands"]) or not set(c["hands"]) <= set(VERTICAL):
        return False
    if kind == MOVED:
        return items[0]["id"] == c["org"] and cose.is_valid_description(items[0])
    return 1 <= len(items[0]) <= 64 and ascending([o for o, _ in items[0]])


def keeps_receipt(change, r):
    """T-37."""
    return any(origin == r["witness_origin"] and index >= r["witness_index"] for origin, index in change.body["cut"])
