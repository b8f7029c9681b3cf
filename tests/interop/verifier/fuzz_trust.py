"""Random federations, in which authorities appoint, revoke, adopt and succeed one another without restraint. Their
judgement comes to rest (T-24) and does not depend on the order of arrival (T-18); and what V-11 selects of one for a bundle
says there what it says in the whole (V-4, V-11).

Signatures are taken as good: who may state what is asked, not who did.
"""

import contextlib
import random
from unittest import mock

from . import cose, needed, trust
from .crypto import H
from .layout import ADOPT, APPOINT, AUTHORITY, NODE, ORG, PERSON, REVOKE, SUCCEED, WITNESS

VALID = {"not_before": 0, "not_after": 10**9}
FOUNDING = b"F" * 32
# of a city, a county, a township the level of an org below
BELOW = {3: 4, 4: 5, 5: 7, 7: 7}


class Stated(cose.Statement):
    """A statement that nobody signed."""

    def __init__(self, statement_id, issuer, kind, body):
        self.id, self.tag, self.issuer, self.kind, self.body = statement_id, statement_id[:16], issuer, kind, body


class Federation:
    """A founding statement, and statements; many do not stand."""

    def __init__(self, random_):
        self.random, self.statements = random_, []
        root, authority = self.bytes(16), self.bytes(32)
        self.founding = {
            "id": FOUNDING, "authority": authority, "validity": VALID, "may_appoint": {"roles": [1, 2], "depth": 6},
            "founders": [], "threshold": 1,
            "root": {"id": root, "parent": None, "level": 3, "name_zh": "r", "name_en": "r", "code": "11"},
        }
        self.levels, self.tips = {root: 3}, [FOUNDING]
        self.keys = [self.bytes(32) for _ in range(self.random.choice([4, 30]))]
        # Of each authority org, key, appointment and depth.
        self.authorities = [(root, authority, None, 6)]
        for _ in range(self.random.randrange(8, 40)):
            recent = self.authorities[-6:] if self.random.random() < .5 else self.authorities
            by = self.random.choice(recent)
            act = self.random.choices([self.describe, self.appoint, self.revoke, self.succeed, self.adopt],
                                      [20, 30, 30, 3, 17])[0]
            act(by)

    def bytes(self, count):
        return self.random.randbytes(count)

    def state(self, by, kind, body):
        org, key, appointment, _ = by
        issuer = {"org": org, "key": key, "appointment": appointment, "issued": self.random.randrange(20),
                  "founding": FOUNDING}
        self.statements.append(Stated(self.bytes(32), issuer, kind, body))
        return self.statements[-1]

    def of_kind(self, kind):
        return [s for s in self.statements if s.kind == kind]

    def describe(self, by):
        parent, drawn = by[0], self.bytes(8)
        org = drawn + H("lianzhan/org-id/v1", parent, drawn)[:8]
        self.levels[org] = BELOW[self.levels[parent]]
        names = {"id": org, "parent": parent, "name_zh": "x", "name_en": "x", "code": "11"}
        self.state(by, ORG, {**names, "level": self.levels[org]})
        if self.random.random() < .3:
            others = [a for a in self.authorities if a[0] == parent]
            self.state(self.random.choice(others), ORG, {**names, "level": self.random.choice([4, 5, 7])})

    def appoint(self, by):
        below = [s.body["id"] for s in self.of_kind(ORG) if s.body["parent"] == by[0]]
        org = self.random.choice(below + [by[0]]) if self.random.random() < .95 else self.random.choice(sorted(self.levels))
        purpose = AUTHORITY if self.random.random() < .8 else self.random.choice([NODE, WITNESS, PERSON])
        key, depth = self.random.choice(self.keys), max(0, by[3] - (org != by[0]))
        made = self.state(by, APPOINT, {
            "key": key, "org": org, "purpose": purpose, "roles": [1] if purpose == PERSON else [],
            "may_appoint": {"roles": [1], "depth": depth} if purpose == AUTHORITY else None, "validity": VALID, "name": "n",
            "seat": None, "possession": b"", "person": None,
        })
        if purpose == AUTHORITY:
            self.authorities.append((org, key, made.id, depth))

    def revoke(self, by):
        appointments = self.of_kind(APPOINT)
        if not appointments:
            return
        target = self.random.choice(appointments)
        if self.random.random() < .7:
            from_above = (target.issuer["org"], self.founding["root"]["id"])
            by = self.random.choice([a for a in self.authorities if a[0] in from_above])
        kept = [s.tag for s in self.statements if self.random.random() < .1] if target.body["purpose"] == AUTHORITY else []
        ground = self.random.choice([(1, []), (2, [None])])
        self.state(by, REVOKE, {"appointment": target.id, "ground": ground, "words": "w", "cut": [], "keeps": sorted(kept)})

    def succeed(self, _):
        key = self.random.choice([self.founding["authority"], self.bytes(32), self.random.choice(self.keys)])
        by = (self.founding["root"]["id"], key, None, 6)
        self.state(by, SUCCEED, {
            "id": self.bytes(32), "previous": self.random.choice(self.tips), "authority": key, "validity": VALID,
            "may_appoint": {"roles": [1, 2], "depth": self.random.choice([6, 7])}, "founders": [], "threshold": 1,
            "keeps": sorted(s.tag for s in self.statements if self.random.random() < .8),
        })
        self.tips.append(self.statements[-1].body["id"])
        self.authorities.append(by)

    def adopt(self, by):
        if self.statements:
            named = {self.random.choice(self.statements).id for _ in range(self.random.randrange(1, 4))}
            self.state(self.random.choice(self.authorities), ADOPT, {"changes": [], "statements": sorted(named)})


def _holds(condition, words):
    if not condition:
        raise AssertionError(words)


def check(federation):
    """Whether it comes to rest, in any order; how many passes it took."""
    statements = federation.statements
    d = trust.Directory(federation.founding, statements)
    _holds(d.passes < trust.MOST_PASSES, "no rest")
    other = list(statements)
    federation.random.shuffle(other)
    e = trust.Directory(federation.founding, other)
    _holds((e.faults, e.orgs) == (d.faults, d.orgs), "the order of arrival matters")
    posts = [s for s in d.standing if s.is_appointment]
    if posts:
        chosen = federation.random.sample(posts, min(len(posts), federation.random.randrange(1, 4)))
        check_selection(federation, d, [s.id for s in chosen])
    return d.passes


def check_selection(federation, d, first):
    """Whether what V-11 selects for these appointments says alone what it says in the whole."""
    selected = needed.needed_statements(d, first)
    shown = [s for s in federation.statements if s.id in selected]
    e = trust.Directory(federation.founding, shown)
    bearing = e.bearing()
    for s in shown:
        _holds(e.stands(s.id) or s.id in bearing, f"V-4 refuses kind {s.kind}: {e.faults.get(s.id)}")
        _holds(d.stands(s.id) == e.stands(s.id), f"kind {s.kind} stands here and not there")
        if s.is_appointment:
            _holds(d.revocations_of(s.id) == e.revocations_of(s.id), "other revocations")
    _holds(needed.needed_statements(e, first) == selected, "V-11 refuses what V-11 selected")


def run(rounds, seed, _):
    random_, most = random.Random(seed), 0
    with contextlib.ExitStack() as stack:
        stack.enter_context(mock.patch.object(trust, "verify_domain", lambda *_: True))
        stack.enter_context(mock.patch.object(cose, "read_succession", lambda body: body))
        stack.enter_context(mock.patch.object(cose, "is_good_succession", lambda *_: True))
        for count in range(rounds):
            try:
                most = max(most, check(Federation(random_)))
            except AssertionError as found:
                raise AssertionError(f"seed {seed}, federation {count}: {found}") from None
    return f"{rounds} federations at rest after at most {most} passes, and so is what bundles take of them"
