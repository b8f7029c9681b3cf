"""What events do: guards, seals and whether an activity is sealed (04-records.md, F-9, S-1 to S-4)."""

from . import changes, merkle
from .cbor import encode
from .judge import LOG_LINE, REGISTER, SEAL, SIGN_IN

SEALERS, STATION_SEALERS, STATION = {10, 14, 21}, {10, 14, 21, 1, 9}, 7


def digest(graph, heads):
    """S-1, S-2."""
    covered, leaves = graph.closure(heads), []
    for n in graph.order:
        if not graph.is_in(n, covered):
            continue
        for i, (key, value, event) in enumerate(n.change["puts"]):
            if event is None or event[0] != SEAL:
                op = n.op(i)
                leaf = encode([changes.leaf_salt(n.change["salt"], i), [op[0], op[1]], key, value])
                leaves.append((op, merkle.leaf_hash(leaf)))
    return merkle.root_of([leaf for _, leaf in sorted(leaves)])


class Effects:
    """The events that had effect so far, in the order of F-8."""

    def __init__(self, graph):
        self.graph, self.registered, self.sign_ins, self.lines, self.seals = graph, False, [], [], []

    def take(self, event):
        """F-9: None where the event has effect, which is noted, or why it has none."""
        items, kind = event["items"], event["kind"]
        if kind == REGISTER:
            if self.registered:
                return "once"
            self.registered = True
        elif kind == SIGN_IN:
            return self._sign_in(event)
        elif kind == LOG_LINE:
            self.lines.append(event)
        elif kind == SEAL:
            return self._seal(event, *items)
        return None

    def _sign_in(self, event):
        deputy, level, _, _ = event["items"]
        by = event["node"].capacity
        if by["seat"] != level:
            return "not_this_seat"
        if deputy != by["name"]:
            return "other_deputy"
        if self._has_signed_in(by, level):
            return "once"
        self.sign_ins.append(event)
        return None

    def _seal(self, event, level, org, heads, stated):
        n, graph = event["node"], self.graph
        if org != n.capacity["org"] or not self._may_seal(n.capacity, level):
            return "not_for_this_org"
        if any((e["items"][1], e["items"][0], e["items"][3]) == (org, level, stated) for e in self.seals):
            return "once"
        if not heads or any(h not in graph.place or not graph.has_seen(n, graph.nodes[h]) for h in heads):
            return "unknown_head"
        if digest(graph, heads) != stated:
            return "other_digest"
        self.seals.append(event)
        return None

    @staticmethod
    def _who(capacity):
        return capacity["person"] or capacity["appointment"]

    def _has_signed_in(self, capacity, level):
        return any(self._who(e["node"].capacity) == self._who(capacity) and e["items"][1] == level for e in self.sign_ins)

    def _may_seal(self, capacity, level):
        """S-3."""
        sealers = STATION_SEALERS if level == STATION else SEALERS
        return capacity["org_level"] == level and bool(set(capacity["roles"]) & sealers) \
            or capacity["seat"] == level and self._has_signed_in(capacity, level)

    def sealed(self, owner_level):
        """S-4: the required levels, and whether it is sealed."""
        by_digest = {}
        for e in self.seals:
            by_digest.setdefault(e["items"][3], []).append(e)
        for _, seals in sorted(by_digest.items()):
            covered = self.graph.closure(seals[0]["items"][2])
            inside = [s for s in self.sign_ins if self.graph.is_in(s["node"], covered)]
            present = [s for s in self.sign_ins if all(self.graph.is_in(s["node"], self.graph.closure([e["node"].id]))
                                                       for e in seals)]
            need = {owner_level} | {s["items"][1] for s in inside + present}
            if inside and need <= {e["items"][0] for e in seals}:
                return sorted(need), True
        return sorted({owner_level} | {s["items"][1] for s in self.sign_ins}), False

    def is_after_seal(self, line):
        return bool(self.seals) and not any(self.graph.is_in(line["node"], self.graph.closure(e["items"][2]))
                                            for e in self.seals)
