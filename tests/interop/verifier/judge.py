"""Verdicts on single changes (04-records.md, J-1 to J-12)."""

from . import ledger as ledgers
from .layout import CITY_AUDIENCE, EVENTS, JOINT, NODE, PERSON, RANK, ROLES
from .places import keeps_receipt
from .trust import contested_by, is_pending
from .witness import keeps

REGISTER, SIGN_IN, LOG_LINE, SEAL, ADOPT, CORRECT, CONFIRM, CLEAR, SIGN_IN_FOR, CONFIRM_FOR = range(1, 11)
OF_EVERY_LEDGER = {ADOPT, CORRECT, CONFIRM, CLEAR, CONFIRM_FOR}
FOR_ANOTHER = {SIGN_IN_FOR, CONFIRM_FOR}
SIGNERS = {REGISTER: {1, 2, 7}, SIGN_IN: {7}, LOG_LINE: {1, 7, 8, 9, 10, 14, 21}, SEAL: {1, 7, 9, 10, 14, 21},
           ADOPT: set(ROLES), CORRECT: {1, 2, 7, 8, 9, 10, 14, 21}, CONFIRM: {3, 7, 9, 10, 11, 12, 13, 14, 22},
           CLEAR: set(ROLES), **{kind: set(ROLES) - {7, 8} for kind in FOR_ANOTHER}}


class Judge:
    """Judges changes by a directory and the definitions that are known."""

    def __init__(self, directory, definitions):
        self.directory, self.definitions = directory, definitions

    def judge(self, n):
        """Sets verdict, capacity and ledger of a change that is placed."""
        d, start, header = self.directory, n.log.start, n.header
        n.capacity = n.ledger = n.adopted = None
        space, org = start["space"], start["org"]
        nodes = d.appointments(start["node"], NODE, org)
        if not nodes:                                                               # J-1
            held = sorted(s.id for s in d.all.values() if s.is_appointment and contested_by(d.faults.get(s.id))
                          and (s.body["key"], s.body["purpose"], s.body["org"]) == (start["node"], NODE, org))
            return n.set("contested", "authority", held[0]) if held else n.set("pending", "node")
        if space["owner"] not in d.orgs or space["audience"] == JOINT and not d.joint_statements(space):
            return n.set("pending", "space")                                        # J-2
        if not d.may_hold(org, space, ever=True):
            return n.set("refused", "foreign_node")                                 # J-3
        a = d.all.get(header["appointment"])
        fault = d.faults.get(header["appointment"])
        if a is None or fault and is_pending(fault):
            return n.set("pending", "appointment", header["appointment"])           # J-4
        if contested_by(fault):
            return n.set("contested", "authority", a.id)
        if fault or not a.is_appointment:
            return n.set("refused", "appointment_does_not_stand")
        if a.body["key"] != header["author"]:
            return n.set("refused", "other_key")                                    # J-5
        if a.body["purpose"] != PERSON:
            return n.set("refused", "not_a_person")
        seen = n.log.witnessed(n.index)                                             # J-6
        time = seen[0] * 1000 if seen else header["recorded"]
        valid = a.body["validity"]
        if time >= valid["not_after"] or max(time, header["recorded"]) < valid["not_before"]:
            return n.set("refused", "out_of_time")
        if not d.may_hold(a.body["org"], space, ever=True):
            return n.set("refused", "foreign_org")                                  # J-7
        ledger = self.definitions.judging(n.change["definition"], d, space["owner"])
        if ledger is None:
            return n.set("pending", "definition", n.change["definition"])           # J-8
        if not _lives_in(ledger, space):
            return n.set("refused", "audience")                                     # J-9
        fault = puts_fault(n.change, ledger, a.body["roles"])
        if fault:
            return n.set("refused", *fault)                                         # J-10
        fault = _org_fault(n.change, space, a.body["org"])
        if fault:
            return n.set("refused", *fault)                                         # J-10a
        n.ledger, n.capacity = ledger, self._capacity(a)
        faults = []
        fault = self._revoked(n, a, nodes)
        if fault:
            faults.append((fault, a.body["org"]))                                   # J-11
        closed = d.closed(space)
        if closed and n.log.witnessed(n.index, only=lambda r: keeps_receipt(closed, r)) is None:
            faults.append((("closed", closed.id), closed.issuer["org"]))            # J-11a
        adopted = None
        for fault, org in faults:
            up = [org] + d.above(org)
            by = next((x for x in d.adoptions if n.id in x.body["changes"] and x.issuer["org"] in up), None)
            if by is None:
                return n.set("contested", *fault)
            adopted = ("statement", by.id)                                          # J-12
        n.set("counts")
        if adopted:
            n.adopted = adopted

    def _capacity(self, a):
        b = a.body
        org = self.directory.orgs.get(b["org"])
        return {"appointment": a.id, "name": b["name"], "org": b["org"], "org_level": org and org["level"],
                "roles": b["roles"], "person": b["person"], "seat": b["seat"]}

    def _revoked(self, n, a, nodes):
        """J-11: the first revocation that is not answered."""
        def unanswered(appointment):
            return next((r for r in self.directory.revocations_of(appointment.id)
                         if n.log.witnessed(n.index, only=lambda receipt: keeps(r, receipt)) is None), None)
        revocation = unanswered(a)
        if revocation:
            return ("revoked", revocation.id)
        for x in nodes:
            revocation = unanswered(x)
            if revocation is None:
                return None
        return ("node_revoked", revocation.id)


def _lives_in(ledger, space):
    """J-9."""
    audience, travel = space["audience"], ledger["travel"]
    named = audience == ledger["audience"] or audience in ledger["also"] \
        or audience == JOINT and ledger["audience"] == CITY_AUDIENCE
    return named and (travel is None or space["joint"] is None or RANK[space["joint"]["travel"]] >= RANK[travel])


def _org_fault(change, space, org):
    """J-10a."""
    kind = next((event[0] for _, _, event in change["puts"] if event and event[0] in FOR_ANOTHER), None)
    if kind is None or org == space["owner"] or space["joint"] and org in space["joint"]["orgs"]:
        return None
    return ("org_for_event", EVENTS[kind])


def puts_fault(change, ledger, roles):
    """J-10 for somebody with these roles: an identifier, with its detail where it has one, or None."""
    for key, value, event in change["puts"]:
        if event is None:
            if not set(roles) & set(ledger["writers"]):
                return ("role_for_ledger",)
            if not ledgers.field_fits(ledger, key[2:], value):
                return ("field", key[2:])
            continue
        kind = event[0]
        listed = EVENTS[SIGN_IN] if kind == SIGN_IN_FOR else EVENTS[kind]
        if kind not in OF_EVERY_LEDGER and listed not in ledger["events"]:
            return ("event_of_other_ledger", EVENTS[kind])
        writers = set(ledger["writers"])
        signers = SIGNERS[kind] | writers if kind == CONFIRM else SIGNERS[kind] & writers if kind in FOR_ANOTHER else SIGNERS[kind]
        if not set(roles) & signers:
            return ("role_for_event", EVENTS[kind])
    return None
