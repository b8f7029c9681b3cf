"""The line of founders and of who speaks for the root (02-trust.md, T-25 to T-27, T-31)."""

from . import cose
from .cose import Bad
from .layout import SUCCEED


class Line:
    """Who spoke for the root: `terms` from the founding statement on, and `read`, the successions by the id of their
    carrier; None for one that cannot be read."""

    def __init__(self, founding, statements):
        self.founding, self.root, self.read = founding, founding["root"]["id"], {}
        carriers = [s for s in statements if s.kind == SUCCEED]
        for s in carriers:
            try:
                self.read[s.id] = cose.read_succession(s.body)
            except Bad:
                self.read[s.id] = None
        self.terms = [dict(founding)]
        while True:
            last = self.terms[-1]
            good = [self.read[s.id] for s in carriers if self.read[s.id] and self.read[s.id]["previous"] == last["id"]
                    and self._is_good(self.read[s.id], len(self.terms)) and self._carries(s, self.read[s.id])
                    and s.issuer["founding"] == founding["id"]]
            if not good:
                break
            self.terms.append(min(good, key=lambda x: x["id"]))
        self.places = {x["id"]: n for n, x in enumerate(self.terms)}

    def _carries(self, s, x):
        return s.issuer["org"] == self.root and s.issuer["appointment"] is None and s.issuer["key"] == x["authority"]

    def _is_good(self, x, place):
        """Whether it may stand at that place of the line: signed by those before (T-25), taking nothing back (T-31)."""
        before = self.terms[place - 1]
        if not cose.is_good_succession(x, before["founders"], before["threshold"]):
            return False
        for term in reversed(self.terms[:place]):
            if term["authority"] == x["authority"]:
                a, b, may, must = term["validity"], x["validity"], x["may_appoint"], term["may_appoint"]
                return b["not_before"] <= a["not_before"] and a["not_after"] <= b["not_after"] \
                    and set(must["roles"]) <= set(may["roles"]) and must["depth"] <= may["depth"]
        return True

    def carrier_fault(self, s):
        """T-26 for a statement that carries a succession."""
        x = self.read[s.id]
        if x is None:
            return ("succession",)
        if x["previous"] not in self.places:
            return ("issuer_unknown",)
        place = self.places[x["previous"]] + 1
        if not self._is_good(x, place):
            return ("succession",)
        if not self._carries(s, x):
            return ("not_authority",)
        return None if self.places.get(x["id"]) == place else ("succession",)

    def term_of(self, key):
        """The last term of an authority key of the root (T-5), or None."""
        return next((x for x in reversed(self.terms) if x["authority"] == key), None)

    def retired_by(self, s):
        """T-27: the succession that contests a statement of a retired authority of the root."""
        if s.issuer["appointment"] is not None or s.issuer["org"] != self.root:
            return None
        term = self.term_of(s.issuer["key"])
        if term is None or term is self.terms[-1]:
            return None
        after = self.terms[self.places[term["id"]] + 1]
        return None if s.tag in after["keeps"] else after["id"]

    def carriers(self, standing):
        """Of each succession in the line the carrier with the smallest id."""
        out = {}
        for s in standing:
            if s.kind == SUCCEED:
                out.setdefault(self.read[s.id]["id"], s)
        return [out[x["id"]] for x in self.terms[1:]]
