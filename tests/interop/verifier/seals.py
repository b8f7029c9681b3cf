"""What events do: guards, seals and whether an activity is sealed (04-records.md, F-9, S-1 to S-4)."""

from . import changes, layout, merkle
from .cbor import encode
from .judge import (ADOPT, CONFIRM, CONFIRM_FOR, CORRECT, LOG_LINE, REGISTER, SEAL, SIGN_IN, SIGN_IN_FOR, SIGNERS)

SEALERS, STATION_SEALERS, STATION = {10, 14, 21}, {10, 14, 21, 1, 9}, 7


def digest(graph, heads):
    """S-1, S-2."""
    covered, leaves = graph.closure(heads), []
    for n in graph.order:
        if not graph.is_in(n, covered):
            continue
        for i, (key, value, event) in enumerate(n.change["puts"]):
            if event is None or event[0] not in (SEAL, CONFIRM, CONFIRM_FOR):
                op = n.op(i)
                leaf = encode([changes.leaf_salt(n.change["salt"], i), [op[0], op[1]], key, value])
                leaves.append((op, merkle.leaf_hash(leaf)))
    return merkle.root_of([leaf for _, leaf in sorted(leaves)])


def is_content(n):
    """F-13: whether a change counts and writes part of what its record says."""
    return n.counts and any(event is None or event[0] not in (SEAL, ADOPT, CONFIRM, CONFIRM_FOR) for _, _, event in n.change["puts"])


class Effects:
    """The events that had effect so far, in the order of F-8."""

    def __init__(self, graph):
        self.graph, self.registered, self.sign_ins, self.lines, self.seals = graph, False, [], [], []
        self.effective, self.corrections, self.of_record, self.of_event = {}, {}, [], {}
        self.for_record, self.for_event, self.acts = [], {}, []

    def take(self, event):
        """F-9: None where the event has effect, which is noted, or why it has none."""
        reason = self._take(event)
        if reason is None:
            self.effective[event["id"]] = event
        return reason

    def _take(self, event):
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
        elif kind == CORRECT:
            return self._correct(event, *items)
        elif kind == CONFIRM:
            case, what = items[0]
            return self._confirm(event, *what) if case == 1 else self._confirm_event(event, *what)
        elif kind == SIGN_IN_FOR:
            return self._own_act(event, items[0]) or self._once(event, items[0], ("sign_in", items[1])) \
                or self.sign_ins.append(event)
        elif kind == CONFIRM_FOR:
            case, what = items[0]
            return self._confirm_for(event, items[1], *what) if case == 1 \
                else self._confirm_event_for(event, items[1], *what)
        return None

    @staticmethod
    def _is(one, other):
        """F-9a, of (name, person) pairs: by id where both have one, else by name without White_Space."""
        if one[1] and other[1]:
            return one[1] == other[1]
        return layout.folded(one[0]) == layout.folded(other[0])

    @staticmethod
    def _named(capacity):
        return capacity["name"], capacity["person"]

    def _own_act(self, event, actor):
        return "own_act" if self._is((actor[0], actor[2]), self._named(event["node"].capacity)) else None

    def _once(self, event, actor, act):
        who = (actor[0], actor[2])
        if any(act == done and self._is(who, by) for by, done in self.acts):
            return "once"
        self.acts.append((who, act))
        return None

    def _wrote(self, actor, node):
        return self._is((actor[0], actor[2]), self._named(node.capacity))

    def _confirm_for(self, event, actor, heads, stated):
        n, graph = event["node"], self.graph
        if any(h not in graph.place or not graph.has_seen(n, graph.nodes[h]) for h in heads):
            return "unknown_head"
        if self._own_act(event, actor):
            return "own_act"
        covered = graph.closure(heads)
        if any(self._wrote(actor, x) for x in graph.order if is_content(x) and graph.is_in(x, covered)):
            return "own_writing"
        if digest(graph, heads) != stated:
            return "other_digest"
        return self._once(event, actor, ("confirm", stated)) or self.for_record.append(event)

    def _confirm_event_for(self, event, actor, of):
        original, fault = self._stated(event, of)
        if fault or self._own_act(event, actor):
            return fault or "own_act"
        seen = [c for c in self.corrections.get(of, []) if self.graph.has_seen(event["node"], c["node"])]
        if any(self._wrote(actor, x["node"]) for x in [original] + seen):
            return "own_writing"
        last = seen[-1]["id"] if seen else None
        return self._once(event, actor, ("confirm_event", of, last)) \
            or self.for_event.setdefault(of, []).append((event, last))

    def _is_taken_back(self, event):
        """Whether the last effective correction of an event says nothing of it was so."""
        corrections = self.corrections.get(event["id"])
        return bool(corrections) and corrections[-1]["items"][2][0] == 1

    def _stated(self, event, of):
        """The effective event `of` that the signer saw, and None; or None and what is wrong with it."""
        original = self.effective.get(of)
        if original is None or not self.graph.has_seen(event["node"], original["node"]):
            return None, "unknown_event"
        return (original, None) if original["kind"] in (REGISTER, SIGN_IN, LOG_LINE, SIGN_IN_FOR, CONFIRM_FOR) else (None, "other_kind")

    def _correct(self, event, of, reason, right):
        original, fault = self._stated(event, of)
        if fault:
            return fault
        kind, by, author = original["kind"], event["node"].capacity, original["node"].capacity
        if right[0] == 2 and (right[1][1] is not None) != (kind == LOG_LINE):
            return "other_kind"
        post = by["org"] == author["org"] and set(by["roles"]) & (set(author["roles"]) | SIGNERS[kind])
        actor = original["items"][0 if kind == SIGN_IN_FOR else 1] if kind in (SIGN_IN_FOR, CONFIRM_FOR) else None
        theirs = actor and actor[2] and actor[2] == by["person"]
        if self._who(by) != self._who(author) and not theirs and (kind == SIGN_IN or not post):
            return "other_post"
        self.corrections.setdefault(of, []).append(event)
        return None

    def _is_own(self, event, other):
        """Whether the signer of an event wrote another change: as a person, or by the same key."""
        n = event["node"]
        return n.header["author"] == other.header["author"] or self._who(n.capacity) == self._who(other.capacity)

    def _confirm(self, event, heads, stated):
        n, graph = event["node"], self.graph
        if any(h not in graph.place or not graph.has_seen(n, graph.nodes[h]) for h in heads):
            return "unknown_head"
        covered = graph.closure(heads)
        if any(self._is_own(event, x) for x in graph.order if is_content(x) and graph.is_in(x, covered)):
            return "own_writing"
        if digest(graph, heads) != stated:
            return "other_digest"
        if any(self._who(e["node"].capacity) == self._who(n.capacity) and e["items"][0][1][1] == stated for e in self.of_record):
            return "once"
        self.of_record.append(event)
        self.acts.append((self._named(n.capacity), ("confirm", stated)))
        return None

    def _confirm_event(self, event, of):
        original, fault = self._stated(event, of)
        if fault:
            return fault
        seen = [c for c in self.corrections.get(of, []) if self.graph.has_seen(event["node"], c["node"])]
        if any(self._is_own(event, x["node"]) for x in [original] + seen):
            return "own_writing"
        last = seen[-1]["id"] if seen else None
        before = self.of_event.setdefault(of, [])
        if any(self._who(e["node"].capacity) == self._who(event["node"].capacity) and saw == last for e, saw in before):
            return "once"
        before.append((event, last))
        self.acts.append((self._named(event["node"].capacity), ("confirm_event", of, last)))
        return None

    def confirmed(self):
        """F-13: the confirmations of the record, each with whether it is current."""
        return [{"event": e["id"].hex(), "current": self._is_all(e)} for e in self.of_record]

    def confirmed_for(self):
        """F-13: those that were recorded for others."""
        return [{"event": e["id"].hex(), "current": self._is_all(e) and not self._is_taken_back(e)} for e in self.for_record]

    def _is_all(self, event):
        covered = self.graph.closure(event["items"][0][1][0])
        return all(self.graph.is_in(n, covered) for n in self.graph.order if is_content(n))

    def notes(self):
        """F-12, F-13: what was said later of events, by their ids."""
        out = {}
        for of in sorted(set(self.corrections) | set(self.of_event) | set(self.for_event)):
            corrections = [c["id"] for c in self.corrections.get(of, [])]
            last = corrections[-1] if corrections else None
            confirmed = [{"event": e["id"].hex(), "current": saw == last} for e, saw in self.of_event.get(of, [])]
            recorded = [{"event": e["id"].hex(), "current": saw == last and not self._is_taken_back(e)}
                        for e, saw in self.for_event.get(of, [])]
            if corrections or confirmed or recorded:
                out[of.hex()] = {"corrections": [c.hex() for c in corrections], "confirmed": confirmed,
                                 **({"confirmed_for": recorded} if recorded else {})}
        return out

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
        self.acts.append((self._named(by), ("sign_in", level)))
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
        return any(e["kind"] == SIGN_IN and self._who(e["node"].capacity) == self._who(capacity) and e["items"][1] == level
                   for e in self.sign_ins)

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
