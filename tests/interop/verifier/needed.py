"""Nothing lies in a bundle that no proof needs (07-bundle.md, V-11)."""

from . import policy
from .archive import Refused
from .layout import APPOINT, CHANGE_ORG, JOINT, NODE, ORG, REVOKE, SPACE, WITNESS, WITNESSES


def _last(receipts):
    return max(receipts, key=lambda r: (r["time_s"], r["number"]))["number"]


def needed_receipts(log, indices):
    """Numbers of the receipts that the changes at these indices need."""
    out = {_last(log.receipts)} if log.receipts else set()
    for index in indices:
        out |= {r["number"] for r, _, _ in log.view.kept(index)}
        before = [r for r in log.receipts if r["size"] <= index]
        if before:
            out.add(_last(before))
    return out


def _of_log(d, log):
    """The statements that a log needs by itself."""
    start, groups = log.start, log.view.groups or []
    orgs = {org for group in groups for org in group}
    out = d.appointments(start["node"], NODE, start["org"]) + policy.witnesses(d, groups)
    for r in log.receipts:
        for org in orgs:
            out += d.appointments(r["witness"], WITNESS, org) + d.appointments(r["witness_node"], NODE, org)
    out += d.descriptions(start["org"]) + d.descriptions(start["space"]["owner"])
    if start["space"]["audience"] == JOINT:
        out += d.joint_statements(start["space"])
    if start["policy"] is not None:
        out.append(d.all[start["policy"]])
    if start["org"] == d.root:
        out += [s for s in [d.latest(WITNESSES)] if s]
    return out


def first_needed(d, logs, changes):
    """The ids of statements that stand and that changes, given as (id, appointment), and logs name themselves."""
    shown = {change for change, _ in changes}
    out = {appointment for _, appointment in changes if d.stands(appointment)}
    out |= {s.id for log in logs for s in _of_log(d, log)}
    out |= {x.id for x in d.adoptions if not shown.isdisjoint(x.body["changes"])}
    return out


def named_orgs(s):
    """The orgs that a statement names."""
    out = [s.issuer["org"]]
    if s.kind == APPOINT:
        out.append(s.body["org"])
    elif s.kind == SPACE and s.body["joint"]:
        out += s.body["joint"]["orgs"]
    elif s.kind == WITNESSES:
        out += s.body
    elif s.kind == ORG:
        out.append(s.body["parent"])
    elif s.kind == CHANGE_ORG:
        kind, items = s.body["becomes"]
        out += [s.body["org"]] + ([items[0]["parent"]] if kind == 1 else [o for o, _ in items[0]])
    return out


def _resting(d, first):
    """These, and all that they rest on and that bears on them."""
    todo, out, orgs = list(first), set(), set()
    while todo:
        i = todo.pop()
        if i not in d.all or i in out:
            continue
        out.add(i)
        s = d.all[i]
        todo.append(s.issuer["appointment"])
        if s.kind == REVOKE:
            todo.append(s.body["appointment"])
        if s.is_appointment:
            todo += [r.id for r in d.revocations_of(i)]
        todo += [x.id for x in d.adoptions if i in x.body["statements"]]
        for org in {o for named in named_orgs(s) if named in d.orgs for o in [named] + d.above(named)} - orgs:
            orgs.add(org)
            todo += [described.id for described in d.descriptions(org)]
    return out


def needed_statements(d, first):
    """Ids of all statements that V-11 lets stand beside the first ones."""
    first = set(first) | {s.id for s in d.line.carriers(d.standing)}
    while True:
        out = _resting(d, first)
        named = set()
        for i in out:
            if i in d.misused and d.all[i].body["key"] in d.purpose_named_by:
                named |= d.purpose_rests_on(d.purpose_named_by[d.all[i].body["key"]])
        if named <= first:
            bearing = d.bearing()
            return {i for i in out if d.stands(i) or i in bearing}
        first |= named


def check_needed(bundle):
    """Refuses the first thing that nothing needs."""
    for path in sorted(bundle.files.left):
        raise Refused(path, "unused")
    for log in sorted(bundle.logs.values(), key=lambda log: log.origin):
        indices = [n.index for n in bundle.changes.values() if n.log is log.view]
        if not indices:
            raise Refused(log.folder, "unused")
        numbers = needed_receipts(log, indices)
        for r in log.receipts:
            if r["number"] not in numbers:
                raise Refused(f"{log.folder}receipts/{r['number']}.receipt", "unused")
    named = [(n.id, n.header["appointment"]) for n in bundle.changes.values()]
    needed = needed_statements(bundle.directory, first_needed(bundle.directory, bundle.logs.values(), named))
    for s in bundle.statements:
        if s.id not in needed:
            raise Refused(f"statements/{s.id.hex()}.cose", "unused")
