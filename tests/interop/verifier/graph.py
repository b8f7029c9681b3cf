"""The graph of a record's changes: who saw what, and the ids of operations (04-records.md, F-1 to F-5)."""

import heapq

from .crypto import H

MOST_OF_A_LOG = 4096


class Node:
    """A change at its place: entry, payload, log."""

    def __init__(self, entry, change, log, index):
        self.entry, self.change, self.log, self.index = entry, change, log, index
        self.id, self.header = entry.id, entry.header
        self.actor = H("lianzhan/actor/v1", log.origin.encode(), b"\0", self.header["author"])[:16]
        self.verdict, self.reason, self.detail = None, None, None
        self.capacity = self.ledger = self.adopted = None
        self.parents, self.first, self.missing = [], None, None

    @property
    def place(self):
        return self.log.origin, self.index, self.id

    def op(self, position):
        return self.first + position, self.actor

    def set(self, verdict, reason=None, detail=None):
        self.verdict, self.reason, self.detail = verdict, reason, detail

    @property
    def counts(self):
        return self.verdict == "counts"


def op_text(op):
    return f"{op[0]}@{op[1].hex()}"


class Graph:
    """The changes of a record: `order` those that are placed, in the order of F-4, `too_many` and `waiting` the others by
    log and index."""

    def __init__(self, nodes):
        taken = {}
        for n in sorted(nodes, key=lambda n: n.place):
            taken.setdefault(n.id, n)
        self.too_many, count = [], {}
        for n in taken.values():
            count[n.log.origin] = count.get(n.log.origin, 0) + 1
            if count[n.log.origin] > MOST_OF_A_LOG:
                n.set("refused", "too_many")
                self.too_many.append(n)
        late = {n.id for n in self.too_many}
        self.nodes = {n.id: n for n in taken.values() if n.id not in late}
        self._find_parents(late)
        self._place()

    def _find_parents(self, late):
        """F-2."""
        before = {}
        for n in self.nodes.values():
            parents = {d: self.nodes[d] for d in n.change["deps"] if d in self.nodes}
            n.missing = next((d for d in n.change["deps"] if d not in self.nodes and d not in late), None)
            writer = (n.log.origin, n.header["author"])
            if writer in before:
                parents[before[writer].id] = before[writer]
            before[writer] = n
            n.parents = sorted(parents.values(), key=lambda n: n.place)

    def _place(self):
        """F-3, F-4: first counters, order and what each change saw (as bits by place)."""
        children, waits = {}, {}
        for n in self.nodes.values():
            waits[n.id] = len(n.parents)
            for p in n.parents:
                children.setdefault(p.id, []).append(n)
        heap, self.order, self.place, self.saw = [], [], {}, {}

        def ready(n):
            if n.missing is None:
                n.first = max((p.first + len(p.change["puts"]) for p in n.parents), default=1)
                heapq.heappush(heap, (n.op(0), n.place, n))
        for n in self.nodes.values():
            if not waits[n.id]:
                ready(n)
        while heap:
            n = heapq.heappop(heap)[2]
            self.place[n.id] = len(self.order)
            self.order.append(n)
            self.saw[n.id] = 0
            for p in n.parents:
                self.saw[n.id] |= self.saw[p.id] | 1 << self.place[p.id]
            for c in children.get(n.id, []):
                waits[c.id] -= 1
                if not waits[c.id]:
                    ready(c)
        self.waiting = [n for n in self.nodes.values() if n.id not in self.place]
        for n in self.waiting:
            n.set("pending", "dependency", self._missing(n))
        seen = 0
        for bits in self.saw.values():
            seen |= bits
        self.heads = sorted(n.id for n in self.order if not seen >> self.place[n.id] & 1)

    @staticmethod
    def _missing(n):
        """The dep that a change waits for, its own or the first that is found going up (F-2); its own id in a circle."""
        todo, done = [n], set()
        while todo:
            x = todo.pop()
            if x.id in done:
                continue
            done.add(x.id)
            if x.missing is not None:
                return x.missing
            todo += x.parents
        return n.id

    @property
    def every(self):
        """All changes, as they are listed."""
        return self.order + self.too_many + self.waiting

    def has_seen(self, n, other):
        return bool(self.saw[n.id] >> self.place[other.id] & 1)

    def closure(self, heads):
        """Bits of the heads that are placed and of all that they saw."""
        bits = 0
        for h in heads:
            if h in self.place:
                bits |= self.saw[h] | 1 << self.place[h]
        return bits

    def is_in(self, n, bits):
        return bool(bits >> self.place[n.id] & 1)
