"""A record with everything that follows of it: its fold (04-records.md, F-6 to F-11)."""

import heapq

from . import changes
from .crypto import H
from .graph import Graph
from .judge import ADOPT, CONFIRM, CONFIRM_FOR, SEAL, Judge, puts_fault
from .seals import Effects


class Record:
    """`fields` by key without f: as [(op, value, change id)], the one in force first; `events` in the order of F-8."""

    def __init__(self, record_id, nodes, directory, definitions):
        self.id, self.graph, self.definitions = record_id, Graph(nodes), definitions
        self.owner = nodes[0].log.start["space"]["owner"]
        judge = Judge(directory, definitions)
        for n in self.graph.order:
            judge.judge(n)
        self._settle()
        self._adopt()
        first = next((n for n in self.graph.order if n.counts), None)
        self.definition = first and first.change["definition"]
        self.ledger = first and first.ledger["id"]
        self._fold_fields()
        self._fold_events()

    def beginnings(self):
        """N-1: the changes of which one may say what a record says for ever, in their order."""
        return [n for n in self.graph.order
                if n.counts and not n.change["deps"] and n.change["definition"] in self.definitions.program]

    def _settle(self):
        """F-6, then F-10."""
        definition, belongs = None, set()
        for n in self.graph.order:
            c = n.change
            minted = H("lianzhan/record-id/v1", self.id[:6], n.header["space"], c["definition"], c["salt"])[:10]
            if not c["deps"] and minted == self.id[6:]:
                belongs.add(n.id)
                definition = definition or c["definition"]
            elif any(d in belongs for d in c["deps"]):
                belongs.add(n.id)
        ledger = self.definitions.get(definition)
        for n in self.graph.order:
            if n.verdict not in ("counts", "contested"):
                continue
            if n.id not in belongs:
                n.set("refused", "unrooted")
            elif n.ledger is None:
                continue
            elif ledger is None:
                n.set("pending", "definition", definition)
            elif n.ledger["id"] != ledger["id"]:
                n.set("refused", "other_ledger")
            if not n.counts:
                n.adopted = None

    def _adopt(self):
        """F-11."""
        acts = [(n, self.graph.nodes[named]) for n in self.graph.order for _, _, event in n.change["puts"]
                if event and event[0] == ADOPT for named in event[1][0] if named in self.graph.nodes]
        again = True
        while again:
            again = False
            for by, n in acts:
                if by.counts and n.verdict == "contested" and n.reason != "closed" and n.capacity \
                        and self._stands_in(by.capacity, n):
                    n.set("counts")
                    n.adopted = ("change", by.id)
                    again = True

    @staticmethod
    def _stands_in(adopter, n):
        return adopter["org"] == n.capacity["org"] and bool(set(adopter["roles"]) & set(n.capacity["roles"])) \
            and puts_fault(n.change, n.ledger, adopter["roles"]) is None

    def _fold_fields(self):
        """F-7."""
        puts = {}
        for n in self.graph.order:
            if n.counts:
                for i, (key, value, event) in enumerate(n.change["puts"]):
                    if event is None:
                        puts.setdefault(key[2:], []).append((n.op(i), value, n))
        self.fields = {}
        for key, found in puts.items():
            stand = [x for x in found if not any(self.graph.has_seen(y[2], x[2]) for y in found)]
            stand.sort(key=lambda x: x[0], reverse=True)
            if any(x[1] is not None for x in stand):
                self.fields[key] = [(op, value, n.id) for op, value, n in stand]

    def _fold_events(self):
        """F-8, F-9."""
        self.events, self.effects = [], Effects(self.graph)
        waits = {n.id: len(n.parents) for n in self.graph.order}
        children, heap = {}, []
        for n in self.graph.order:
            for p in n.parents:
                children.setdefault(p.id, []).append(n)

        def go_on(n, position):
            """Offers the next event of an open change from `position` on; one that has none is done, and opens others."""
            todo = [(n, position)]
            while todo:
                n, position = todo.pop()
                puts = n.change["puts"] if n.counts else []
                position = next((i for i in range(position, len(puts)) if puts[i][2]), None)
                if position is not None:
                    rank = 5 if puts[position][2][0] in (SEAL, CONFIRM, CONFIRM_FOR) else 0
                    heapq.heappush(heap, (rank, n.op(position), n.id, position))
                    continue
                for c in children.get(n.id, []):
                    waits[c.id] -= 1
                    if not waits[c.id]:
                        todo.append((c, 0))
        for n in self.graph.order:
            if not n.parents:
                go_on(n, 0)
        while heap:
            _, op, change_id, position = heapq.heappop(heap)
            n = self.graph.nodes[change_id]
            _, body, (kind, items) = n.change["puts"][position]
            event = {"id": changes.event_id(n.id, position), "kind": kind, "items": items, "node": n, "op": op,
                     "body": body}
            event["ineffective"] = self.effects.take(event)
            self.events.append(event)
            go_on(n, position + 1)
