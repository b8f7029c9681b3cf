"""summary.json (07-bundle.md): what follows from a bundle, as text."""

import json

from . import layout
from .crypto import fingerprint
from .graph import op_text

LEVELS = layout.LEVELS


def value(v):
    """Values are null, booleans, numbers, text, or bytes as hex."""
    return v.hex() if isinstance(v, bytes) else v


def reason(n):
    """An identifier, or {identifier: detail} where it has one."""
    if n.detail is None:
        return n.reason
    return {n.reason: value(n.detail)}


def verdict(n):
    if n.counts:
        return {"verdict": "counts", "provisional": n.log.witnessed(n.index) is None,
                "adopted": n.adopted and {n.adopted[0]: n.adopted[1].hex()}}
    return {"verdict": n.verdict, "reason": reason(n)}


def _author(d, a):
    chain = [{"statement": s.id.hex(), "name": s.body["name"], "org": s.body["org"].hex()} for s in d.chain(a)]
    chain.append({"statement": d.founding["id"].hex(), "name": "", "org": d.root.hex()})
    b = a.body
    return {"appointment": a.id.hex(), "name": b["name"], "org": b["org"].hex(),
            "roles": [layout.ROLES[r] for r in b["roles"]],
            "seat": b["seat"] and LEVELS[b["seat"]], "person": b["person"] and b["person"].hex(), "chain": chain}


def _log(log):
    last, witnessed = max(log.view.counted, key=lambda x: (x[0]["time_s"], x[0]["number"]), default=None), None
    if last:
        witnessed = {"time": last[0]["time_s"] * 1000, "by": last[2].hex(), "size": last[0]["size"]}
    return {"log": log.origin, "org": log.start["org"].hex(), "node": fingerprint(log.start["node"]),
            "space": log.start["space_id"].hex(), "size": log.size, "root": log.root.hex(), "witnessed": witnessed}


def _holder(actor):
    return {"name": actor[0], "office": actor[1], "person": actor[2] and actor[2].hex()}


def _sign_in(e):
    items, capacity = e["items"], e["node"].capacity
    recorded = e["kind"] == 9
    out = {"deputy": items[0][0] if recorded else items[0], "level": LEVELS[items[1]], "happened": items[2],
           "proof": layout.PROOFS[items[3]], "change": e["node"].id.hex()}
    if recorded:
        actor = _holder(items[0])
        out["recorded"] = {"by": capacity["name"], "org": capacity["org"].hex(), "office": actor["office"],
                           "person": actor["person"], "evidence": items[4].hex()}
    return out


def _event(e):
    kind, items, c = e["kind"], e["items"], e["node"].capacity
    happened = {1: 0, 2: 2, 3: 1, 9: 2, 10: 2}.get(kind)
    confirmed = items[0] if kind in (7, 10) else (None, None)
    actor = {9: items[0], 10: items[1] if kind == 10 else None}.get(kind)
    out = {"id": e["id"].hex(), "kind": layout.EVENTS[kind], "change": e["node"].id.hex(), "by": c["name"],
           "org": c["org"].hex(),
           "happened": None if happened is None else items[happened],
           "text": actor[0] if actor else items[0] if kind in (2, 3) else items[1] if kind == 6 else items[3] if kind == 8 else None,
           "level": LEVELS[items[1]] if kind in (2, 9) else LEVELS[items[0]] if kind == 4 else None,
           "digest": items[3].hex() if kind == 4 else confirmed[1][1].hex() if confirmed[0] == 1 else None}
    if kind == 6:
        out["of"] = items[0].hex()
        case, said = items[2]
        out["right"] = "nothing" if case == 1 else {"said": {"happened": said[0], "text": said[1]}}
    if confirmed[0] == 2:
        out["of"] = confirmed[1][0].hex()
    if actor:
        out["actor"] = _holder(actor)
        out["proof"], out["evidence"] = layout.PROOFS[items[3]], items[4].hex()
    out["ineffective"] = e["ineffective"]
    return out


def _activity(r, owner_level):
    required, sealed = r.effects.sealed(owner_level)
    return {
        "signed_in": [_sign_in(e) for e in r.effects.sign_ins],
        "lines": [{"text": e["items"][0], "happened": e["items"][1], "by": e["node"].capacity["name"],
                   "org": e["node"].capacity["org"].hex(), "after_seal": r.effects.is_after_seal(e),
                   "change": e["node"].id.hex()} for e in r.effects.lines],
        "seals": [{"level": LEVELS[e["items"][0]], "org": e["items"][1].hex(), "by": e["node"].capacity["name"],
                   "digest": e["items"][3].hex(), "heads": [h.hex() for h in e["items"][2]], "change": e["node"].id.hex()}
                  for e in r.effects.seals],
        "required": [LEVELS[x] for x in required], "sealed": sealed}


def _witnessed(n):
    word = n.log.witnessed(n.index)
    if word is None:
        return None
    size = min((r["number"], r["size"]) for r, _, org in n.log.counted
               if r["size"] > n.index and (r["time_s"], org) == word)[1]
    return {"time": word[0] * 1000, "by": word[1].hex(), "size": size}


def _change(n, authors):
    a = n.header["appointment"]
    return {"id": n.id.hex(), "log": n.log.origin, "index": n.index, "author": a.hex() if a in authors else None,
            "recorded": n.header["recorded"], "witnessed": _witnessed(n), "doubt": n.log.doubt(n.index, n.header["recorded"]),
            "verdict": verdict(n)}


def later(r):
    """What was confirmed and what was said later of events, each where there is any."""
    out = {"confirmed": r.effects.confirmed(), "confirmed_for": r.effects.confirmed_for(), "notes": r.effects.notes()}
    return {k: v for k, v in out.items() if v}


def _record(r, d, authors):
    start = r.graph.every[0].log.start
    space = start["space"]
    fields = {k: value(f[0][1]) for k, f in sorted(r.fields.items())}
    conflicts = {k: [{"value": value(x), "op": op_text(op), "change": c.hex()} for op, x, c in f]
                 for k, f in sorted(r.fields.items()) if len(f) > 1}
    activity = _activity(r, d.orgs[space["owner"]]["level"]) if r.ledger == "activity" else None
    return {"id": r.id.hex(), "ledger": r.ledger, "definition": r.definition and r.definition.hex(),
            "space": start["space_id"].hex(), "audience": layout.AUDIENCES[space["audience"]], "owner": space["owner"].hex(),
            "fields": fields,
            "conflicts": conflicts, "events": [_event(e) for e in r.events], **later(r),
            "activity": activity, "heads": [h.hex() for h in r.graph.heads],
            "changes": [_change(n, authors) for n in r.graph.every]}


def render(bundle):
    """The text of summary.json."""
    d = bundle.directory
    named = {n.header["appointment"] for n in bundle.changes.values()}
    authors = sorted(i for i in named if d.stands(i) and d.all[i].is_appointment)
    out = {"format": "lianzhan-bundle/1", "founding": d.founding["id"].hex(), "root": d.root.hex(),
           "orgs": [{"id": o.hex(), "zh": d.orgs[o]["name_zh"], "en": d.orgs[o]["name_en"]} for o in sorted(d.orgs)],
           "statements": sorted(s.id.hex() for s in bundle.statements), "authors": [_author(d, d.all[i]) for i in authors],
           "logs": [_log(bundle.logs[o]) for o in sorted(bundle.logs)],
           "records": [_record(r, d, set(authors)) for r in bundle.records]}
    return json.dumps(out, indent=2, ensure_ascii=False) + "\n"
