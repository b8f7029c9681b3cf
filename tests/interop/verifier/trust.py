"""The directory: which statements stand, who reaches whom, who must witness (02-trust.md).

A reason is a tuple: ("out_of_reach",), ("contested", id) or ("issuer", reason).  `Directory.faults` has one for each
statement that does not stand.
"""

from . import cose, logs
from .crypto import H, verify_domain
from .layout import (ADOPT, APPOINT, AUDIENCES, AUTHORITY, CHANGE_ORG, DEPUTY, NODE, ORG, PERSON, POLICY, RANK, REVOKE, SPACE,
                     SUCCEED, WITNESS,
                     WITNESSES, blank)
from .places import Tree, VERTICAL
from .succession import Line

HARD = 2
LONGEST_CHAIN, MOST_PASSES, MOST_KEEPS, MOST_CUTS, MOST_ADOPTED = 16, 224, 640, 64, 400


def ascending(items):
    return all(a < b for a, b in zip(items, items[1:]))


def contested_by(reason):
    """The revocation or succession at the root of a reason, or None (T-22: what rests on a contested statement is, too)."""
    while reason and reason[0] == "issuer":
        reason = reason[1]
    return reason[1] if reason and reason[0] == "contested" else None


def is_pending(reason):
    """T-17."""
    while reason[0] == "issuer":
        reason = reason[1]
    return reason[0] in ("issuer_unknown", "org_unknown", "target_unknown")


def reason_text(reason):
    return "issuer/" + reason_text(reason[1]) if reason[0] == "issuer" else reason[0]


def _latest(statements):
    """The one with the latest issued, then the smaller id (T-8, T-16, T-28)."""
    return min(statements, key=lambda s: (-s.issuer["issued"], s.id), default=None)


class Directory:
    """All statements held, judged.  `all` has them by id, `standing` those that stand in the order of their ids, `orgs` the
    descriptions in force."""

    def __init__(self, founding, statements):
        self.founding, self.root = founding, founding["root"]["id"]
        self.all = {s.id: s for s in statements}
        self._lengths()
        self.line = Line(founding, list(self.all.values()))
        self.misused, self.purpose_named_by = set(), {}
        self.revocations, self.adoptions, self.tree = [], [], Tree(founding["root"])
        self._hits = {}
        faults, _, _, _ = self._judge(contesting=False)                       # T-14: asked once, before all passes
        self._find_purposes(faults)
        self._first_tree, self._first_faults = self.tree, faults
        before, self.passes = None, 0
        while self.passes < MOST_PASSES:                                # T-24
            self.passes += 1
            state = self._judge(contesting=True)
            if state == before:
                break
            before = state
            self._take(state)

    def _take(self, state):
        """The directory as this pass found it; its standing revocations and adoptions are known to the next (T-24)."""
        self.faults = state[0]
        ids = sorted(i for i in self.all if i not in self.faults)
        self.standing = [self.all[i] for i in ids]
        self.revocations = [s for s in self.standing if s.kind == REVOKE]
        self.adoptions = [s for s in self.standing if s.kind == ADOPT]
        self._hits = {}

    def stands(self, statement_id):
        return statement_id in self.all and statement_id not in self.faults

    # -- orgs ----------------------------------------------------------------------------------------------------------

    @property
    def orgs(self):
        return self.tree.orgs

    def parents(self, org):
        return self.tree.parents(org)

    def above(self, org):
        """The orgs that stand above, or ever did (T-36)."""
        return self.tree.above(org)

    # -- reaching (T-21) -----------------------------------------------------------------------------------------------

    def chain(self, s):
        """The statement and those above it along issuer.appointment, as far as they are held."""
        out = [s]
        while (a := out[-1].issuer["appointment"]) in self.all:
            out.append(self.all[a])
        return out

    def _lengths(self):
        """T-21, without recursion; then all is judged from the top down."""
        self._length = {}
        for s in self.all.values():
            chain = []
            while s is not None and s.id not in self._length:
                chain.append(s)
                s = self.all.get(s.issuer["appointment"])
            n = self._length[s.id] if s is not None else 0
            for s in reversed(chain):
                n += 1
                self._length[s.id] = n
        self.all = {s.id: s for s in sorted(self.all.values(), key=lambda s: (self._length[s.id], s.id))}

    def length(self, s):
        return self._length[s.id]

    def reaches(self, s, other):
        o, x = s.issuer["org"], other.issuer["org"]
        return o in self.above(x) or o == x and self.length(s) <= self.length(other)

    # -- revocations (T-20, T-20a) -------------------------------------------------------------------------------------

    def revokes(self, r, a):
        """Whether the revocation `r` is one of the appointment `a`."""
        if r.body["appointment"] == a.id:
            return True
        named = self.all.get(r.body["appointment"])
        if r.body["ground"][0] != HARD or named is None or not named.is_appointment or not a.is_appointment \
                or (named.body["key"], named.body["org"]) != (a.body["key"], a.body["org"]):
            return False
        o, org = r.issuer["org"], a.body["org"]
        return (o == org or o in self.above(org)) and (a.body["purpose"] != AUTHORITY or self.reaches(r, a))

    def revocations_of(self, statement_id):
        """The standing revocations of an appointment, by id."""
        if statement_id not in self._hits:
            a = self.all[statement_id]
            self._hits[statement_id] = [r for r in self.revocations if self.revokes(r, a)]
        return self._hits[statement_id]

    def _contested(self, s):
        """T-22 with T-23: the id of what contests, or None."""
        by = None
        a = s.issuer["appointment"]
        if a in self.all:
            by = next((r.id for r in self.revocations_of(a) if s.tag not in r.body["keeps"]), None)
        if by is None:
            by = self.line.retired_by(s)
        if by is None:
            return None
        if s.kind != ADOPT and any(s.id in x.body["statements"] and self.reaches(x, s) for x in self.adoptions):
            return None
        return by

    # -- judging -------------------------------------------------------------------------------------------------------

    def _judge(self, contesting):
        """One pass: faults and orgs, with orgs found in rounds from the root down (T-19).  Who contests whom rests on the
        pass before."""
        contests = {i: self._contested(s) for i, s in self.all.items()} if contesting else None
        self.tree = tree = Tree(self.founding["root"])
        statements = list(self.all.values())
        for rank in range(1, 7):
            ranked = {o for o, described in tree.orgs.items() if RANK[described["level"]] == rank}
            tree.settle(ranked, statements, lambda s: self._fault(s, contests, {}) is None)
            found, done = {}, {}
            for s in statements:
                if s.kind == ORG and s.issuer["org"] in ranked and s.body["id"] not in tree.orgs \
                        and self._fault(s, contests, done) is None:
                    found.setdefault(s.body["id"], []).append(s)
            tree.orgs = {**tree.orgs, **{o: _latest(described).body for o, described in found.items()}}
        done = {}
        faults = {s.id: fault for s in statements if (fault := self._fault(s, contests, done))}
        return faults, tree.orgs, tree.places, tree.ends

    def _fault(self, s, contests, done):
        if s.id not in done:
            done[s.id] = None
            done[s.id] = self._ask(s, contests, done)
        return done[s.id]

    def _ask(self, s, contests, done):
        """The first reason in the order of 02, Statements."""
        if s.issuer["founding"] != self.founding["id"]:
            return ("other_federation",)                                            # T-4
        if s.kind == SUCCEED:
            fault = self.line.carrier_fault(s)                                      # T-26
            if fault:
                return fault
        rights, fault = self._rights(s, contests, done)                             # T-5
        if fault:
            return fault
        if self.length(s) > LONGEST_CHAIN:                                          # T-6
            return ("content",)
        if contests is not None and s.kind != SUCCEED and contests[s.id] is not None:
            return ("contested", contests[s.id])                                    # T-22
        if contests is not None and s.is_appointment and (change := self.tree.left_behind(s)):
            by = change.issuer["org"]
            if not any(s.id in x.body["statements"] and x.issuer["org"] in [by] + self.above(by) for x in self.adoptions):
                return ("contested", change.id)                                     # T-35
        fault = {ORG: self._org, APPOINT: self._appointment, SPACE: self._space, WITNESSES: self._witnesses,
                 REVOKE: self._revocation, ADOPT: self._adoption, POLICY: self._policy,
                 SUCCEED: lambda *a: None, CHANGE_ORG: lambda s, c, _: self.tree.fault(s, c)}[s.kind](s, s.body, rights)
        return (fault,) if fault else None

    def _rights(self, s, contests, done):
        """T-5: (may_appoint, validity) of the issuer, or a fault."""
        i = s.issuer
        if i["appointment"] is None:
            term = self.line.term_of(i["key"])
            if i["org"] != self.root or term is None:
                return None, ("not_authority",)
            return (term["may_appoint"], term["validity"]), None
        a = self.all.get(i["appointment"])
        if a is None:
            return None, ("issuer_unknown",)
        fault = self._fault(a, contests, done)
        if fault:
            first = fault[1] if fault[0] == "issuer" else fault
            return None, first if first[0] == "issuer_unknown" else ("issuer", first)
        if not a.is_appointment or a.body["purpose"] != AUTHORITY or (a.body["key"], a.body["org"]) != (i["key"], i["org"]):
            return None, ("not_authority",)
        return (a.body["may_appoint"], a.body["validity"]), None

    def _org(self, s, o, rights):
        """T-7."""
        if not cose.is_valid_description(o):
            return "content"
        if o["parent"] != s.issuer["org"]:
            return "out_of_reach"
        if o["parent"] not in self.orgs:
            return "org_unknown"
        if RANK[o["level"]] <= RANK[self.orgs[o["parent"]]["level"]]:
            return "content"
        if rights[0]["depth"] == 0:
            return "depth"
        came = o["id"] in self.tree.places and o["parent"] in self.parents(o["id"])
        if o["id"][8:] != H("lianzhan/org-id/v1", o["parent"], o["id"][:8])[:8] and not came:
            return "content"
        return None

    def _appointment(self, s, a, rights):
        """T-9 to T-14."""
        may, valid = rights
        own = a["org"] == s.issuer["org"]
        if a["org"] not in self.orgs:
            return "org_unknown"
        if not own and s.issuer["org"] not in self.parents(a["org"]):
            return "out_of_reach"
        if len(a["name"].encode()) > 120 or not ascending(a["roles"]) or a["key"] == s.issuer["key"]:
            return "content"
        if not set(a["roles"]) <= set(may["roles"]):
            return "role"
        v = a["validity"]
        if not valid["not_before"] <= v["not_before"] < v["not_after"] <= valid["not_after"]:
            return "validity"
        if a["person"] is not None and a["purpose"] != PERSON:
            return "content"
        gives = a["may_appoint"]
        if a["purpose"] == AUTHORITY and (a["roles"] or gives is None) or a["purpose"] != AUTHORITY and gives is not None \
                or a["purpose"] in (NODE, WITNESS) and a["roles"]:
            return "content"                                                        # T-10
        if gives is not None:                                                       # T-11
            if not ascending(gives["roles"]) or not set(gives["roles"]) <= set(may["roles"]):
                return "role"
            if gives["depth"] > (may["depth"] if own else may["depth"] - 1):
                return "depth"
        if (a["seat"] is not None) != (DEPUTY in a["roles"]):                       # T-12
            return "seat"
        if a["seat"] is not None and s.issuer["org"] != self.root \
                and RANK[a["seat"]] < RANK[self.orgs[s.issuer["org"]]["level"]]:
            return "seat"
        if not verify_domain("lianzhan/possession/v1", a["key"], self.founding["id"] + a["org"] + bytes([a["purpose"]]),
                             a["possession"]):
            return "possession"                                                     # T-13
        if s.id in self.misused:
            return "purpose"                                                        # T-14
        return None

    def _find_purposes(self, faults):
        """T-14, asked of what stands without T-22: the appointments of another purpose than their key's, and of each such
        key the appointment that names its purpose, unless it speaks for the root."""
        first = {x["authority"]: (AUTHORITY, None) for x in self.line.terms}
        appointments = sorted((s for s in self.all.values() if s.is_appointment), key=lambda s: (s.issuer["issued"], s.id))
        for s in appointments:
            if s.id not in faults:
                first.setdefault(s.body["key"], (s.body["purpose"], s.id))
        for s in appointments:
            purpose, named_by = first.get(s.body["key"], (s.body["purpose"], None))
            if purpose != s.body["purpose"]:
                self.misused.add(s.id)
                if named_by is not None:
                    self.purpose_named_by[s.body["key"]] = named_by

    def _space(self, s, d, rights):
        """T-15."""
        if d["owner"] != s.issuer["org"]:
            return "out_of_reach"
        if d["joint"] is None or not logs.is_well_formed(d):
            return "content"
        return None if all(o in self.orgs for o in d["joint"]["orgs"]) else "org_unknown"

    def _witnesses(self, s, orgs, rights):
        """T-16."""
        if s.issuer["org"] != self.root:
            return "out_of_reach"
        if not all(o in self.orgs for o in orgs):
            return "org_unknown"
        return None if all(self.root in self.parents(o) for o in orgs) else "out_of_reach"

    def _revocation(self, s, r, rights):
        """T-20."""
        if not 1 <= len(r["words"].encode()) <= 400 or blank(r["words"]) or len(r["cut"]) > MOST_CUTS \
                or not ascending([c[0] for c in r["cut"]]) or len(r["keeps"]) > MOST_KEEPS or not ascending(r["keeps"]):
            return "content"
        target = self.all.get(r["appointment"])
        if target is None:
            return "target_unknown"
        if not target.is_appointment or r["keeps"] and target.body["purpose"] != AUTHORITY:
            return "content"
        if target.issuer["org"] not in self.orgs:
            return "org_unknown"
        return None if self.reaches(s, target) or self.tree.came_below(target.body["org"], s.issuer["org"]) else "out_of_reach"

    def _adoption(self, s, a, rights):
        """T-23."""
        good = ascending(a["changes"]) and ascending(a["statements"]) \
            and 1 <= len(a["changes"]) + len(a["statements"]) <= MOST_ADOPTED
        return None if good else "content"

    def _policy(self, s, p, rights):
        """T-28."""
        if s.issuer["org"] != self.root:
            return "out_of_reach"
        return None if ascending([RANK[x] for x in p["levels"]]) else "content"

    # -- what follows --------------------------------------------------------------------------------------------------

    def latest(self, kind):
        """Of the standing statements of a kind the one in force."""
        return _latest([s for s in self.standing if s.kind == kind])

    def descriptions(self, org):
        """The standing descriptions of an org, in force or not, and its changes."""
        return [s for s in self.standing if s.kind == ORG and s.body["id"] == org
                or s.kind == CHANGE_ORG and s.body["org"] == org]

    def joint_statements(self, space):
        """The standing statements of a joint space (T-15)."""
        return [s for s in self.standing if s.kind == SPACE and s.body == space]

    def purpose_rests_on(self, statement_id):
        """The ids of what names a purpose and of all that it rests on where nothing is contested (T-14): the chain above,
        and the descriptions of the orgs named in that, with what these rest on."""
        todo, out = [self.all[statement_id]], set()
        now, self.tree = self.tree, self._first_tree
        while todo:
            s = todo.pop()
            if s.id in out:
                continue
            out.add(s.id)
            orgs = {s.issuer["org"], s.body["org"]} if s.is_appointment else {s.issuer["org"]}
            orgs |= {above for org in orgs for above in self.above(org)}
            todo += self.chain(s)[1:]
            todo += [x for x in self.all.values()
                     if (x.kind == ORG and x.body["id"] in orgs or x.kind == CHANGE_ORG and x.body["org"] in orgs)
                     and x.id not in self._first_faults]
        self.tree = now
        return out

    def bearing(self):
        """V-4: the ids of statements by which others are judged whether or not they stand."""
        out = {s.id for r in self.revocations for s in self.chain(self.all[r.body["appointment"]])}
        return out.union(*map(self.purpose_rests_on, self.purpose_named_by.values()))

    def appointments(self, key, purpose, org):
        """Standing appointments of a key for a purpose in an org, by id."""
        return [s for s in self.standing if s.is_appointment
                and (s.body["key"], s.body["purpose"], s.body["org"]) == (key, purpose, org)]

    def groups(self, org, parent, policy_id):
        """T-29: the required groups of a log, or None while the policy that it names is not held (L-14)."""
        if policy_id is not None and not (self.stands(policy_id) and self.all[policy_id].kind == POLICY):
            return None
        if org == self.root:
            w = self.latest(WITNESSES)
            return [sorted(set(w.body))] if w and w.body else []
        if org not in self.orgs:
            return []
        lines = [self.tree.line(org, n) for n in range(1, self.tree.count(org) + 1)]
        lines = [x for x in lines if parent is not None and x[1:2] == [parent]] or lines[-1:]
        parent = lines[0][1] if len(lines[0]) > 1 else None
        out = [[parent]] if parent is not None else []
        for level in (self.all[policy_id].body["levels"] if policy_id is not None else []):
            at = {next((o for o in x[1:] if RANK[self.orgs[o]["level"]] == RANK[level]), None) for x in lines} - {None}
            if at and parent not in at:
                out.append(sorted(at))
        return out

    def closed(self, space):
        """T-37: the change by which a space was closed, or None."""
        audience = AUDIENCES[space["audience"]]
        if audience in ("directory", "joint") or space["owner"] not in self.tree.places:
            return None
        if audience in ("local", "notice"):
            return self.tree.ends.get(space["owner"])
        return self.tree.closed(space["owner"], space["generation"])

    def _up_the_line(self, org, space):
        """P-3."""
        owner, generation, audience = space["owner"], space["generation"], space["audience"]
        if not self.tree.has(owner, generation):
            return False
        limit = {"township": 5, "county": 4, "city": 3, "summary": 0}[AUDIENCES[audience]]
        if org == owner or org in self.tree.line(owner, generation) and RANK[self.orgs[org]["level"]] >= limit:
            return True
        change = self.tree.closed(owner, generation) if owner in self.tree.places else None
        if change is None or audience not in change.body["hands"]:
            return False
        kind, items = change.body["becomes"]
        after = [(owner, generation + 1)] if kind == 1 else items[0]
        return any(self._up_the_line(org, {**space, "owner": o, "generation": n}) for o, n in after)

    def may_hold(self, org, space, ever=False):
        """P-2 to P-6; with `ever` also what might be held before an org moved (J-3, J-7)."""
        owner, audience = space["owner"], AUDIENCES[space["audience"]]
        if not logs.is_well_formed(space) or org not in self.orgs or owner not in self.orgs:
            return False
        if space["audience"] in VERTICAL:
            return self._up_the_line(org, space)
        upward = (lambda o: [o] + self.above(o)) if ever else self.tree.upward
        if audience == "joint":
            if not self.joint_statements(space):
                return False
            travel = RANK[space["joint"]["travel"]]
            return any(org == o or org in upward(o) and RANK[self.orgs[org]["level"]] >= travel
                       for o in space["joint"]["orgs"])
        if org == owner:
            return True
        if audience == "notice":
            return owner in upward(org)
        if audience == "directory":
            return org in self.above(owner) or owner in self.above(org) or any(
                self.may_hold(org, s.body) and any(owner == o or owner in self.above(o) for o in s.body["joint"]["orgs"])
                for s in self.standing if s.kind == SPACE) or any(
                {org, owner} <= {x for o in self.tree.following(c) for x in [o] + self.above(o)} for c in self.tree.places)
        return False
