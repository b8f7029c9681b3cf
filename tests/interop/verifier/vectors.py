"""Replays tests/vectors (README.md there): one function for each file, which gives what follows, or raises the reason."""

import json
import os

from . import (archive, bundle, cbor, changes, cose, crypto, definitions, erasures, layout, logs, merkle, notes, settings,
               summary, trust, witness)
from .definitions import Definitions
from .graph import Node, op_text
from .ledger import load_ledgers, place_of, value_fits
from .records import Record

FAULTS = (cose.Bad, definitions.DefinitionError, erasures.ErasureError, logs.LogError, changes.ChangeError, merkle.ProofError, notes.NoteError)


def unhex(text):
    return bytes.fromhex(text)


def v_cbor(v, ctx):
    cbor.parse(layout.NAMED[v["type"]], unhex(v["bytes"]), 1024)


def v_key(v, ctx):
    fault = crypto.key_fault(unhex(v["key"]))
    if fault:
        raise cose.Bad(fault)
    return {"fingerprint": crypto.fingerprint(unhex(v["key"]))}


def v_signature(v, ctx):
    if not crypto.verify_domain(v["domain"], unhex(v["key"]), unhex(v["message"]), unhex(v["signature"])):
        raise cose.Bad("bad_signature")


def v_founding(v, ctx):
    return {"id": cose.read_founding(unhex(v["bytes"]))["id"].hex()}


def v_statement(v, ctx):
    return {"id": cose.Statement(unhex(v["bytes"])).id.hex()}


def v_note(v, ctx):
    n = notes.Note(v["note"])
    n.check_signed(v["name"], unhex(v["key"]))
    return {"key_id": notes.key_id(v["name"], notes.ED25519, unhex(v["key"])).hex(), "text": n.text}


def v_checkpoint(v, ctx):
    size, root = notes.open_checkpoint(v["note"], v["origin"], unhex(v["key"]))
    return {"root": root.hex(), "size": size}


def v_cosignature(v, ctx):
    return {"time_s": notes.check_cosignature(v["note"], v["name"], unhex(v["key"]), v["checkpoint"])}


def v_inclusion(v, ctx):
    merkle.check_inclusion(v["index"], v["size"], unhex(v["leaf"]), [unhex(p) for p in v["proof"]], unhex(v["root"]))


def v_consistency(v, ctx):
    merkle.check_consistency(v["old"], v["new"], unhex(v["old_root"]), unhex(v["new_root"]), [unhex(p) for p in v["proof"]])


def v_entry(v, ctx):
    e = logs.Entry(unhex(v["bytes"]))
    e.check_signature()
    e.check_place(v["origin"], unhex(v["space"]))
    e.check_payload(unhex(v["payload"]))
    return {"change_id": e.id.hex(), "leaf": e.leaf.hex()}


def v_start(v, ctx):
    e = logs.Entry(unhex(v["entry"]))
    e.check_signature()
    try:
        start = logs.read_start_payload(unhex(v["payload"]))
    except logs.LogError as fault:
        raise logs.LogError("statement" if str(fault) == "start" else str(fault))
    logs.check_start(e, start)
    return {"earlier": len(start["earlier"] or []), "origin": start["origin"]}


def v_change(v, ctx):
    c = changes.read_change(unhex(v["bytes"]))
    return {"event_ids_under_07": [changes.event_id(b"\7" * 32, i).hex() for i, p in enumerate(c["puts"]) if p[2]],
            "puts": len(c["puts"])}


def v_sealed(v, ctx):
    c = changes.open_sealed(unhex(v["key"]), unhex(v["commitment"]), unhex(v["record"]), unhex(v["payload"]))
    return {"puts": len(c["puts"]), "salt": c["salt"].hex()}


def v_erasure(v, ctx):
    return erasures.read_statement(unhex(v["statement"]))


def v_frame(v, ctx):
    return {"message": cbor.parse(layout.message, unhex(v["bytes"]), 1048576)[0]}


def v_receipt(v, ctx):
    if "statement" in v:
        origin, r = logs.read_receipt_of(unhex(v["statement"]))
    else:
        origin, r = v["origin"], logs.read_receipt(unhex(v["bytes"]))
    logs.check_receipt(r, origin, unhex(v["node"]))
    return {"origin": origin, "size": r["size"], "time_s": r["time_s"]}


def v_witness_entry(v, ctx):
    data = unhex(v["bytes"])
    e = logs.read_witness_entry(data)
    return {"leaf": merkle.leaf_hash(data).hex(), "origin": e["origin"], "root": e["root"].hex(), "size": e["size"],
            "time_s": e["time_s"]}


def v_equivocation(v, ctx):
    origin, common = logs.check_equivocation(unhex(v["bytes"]))
    return {"common": common, "origin": origin}


def _directory(v, ctx):
    base = ctx["federation"]
    without = set(v.get("without", []))
    statements = [cose.Statement(unhex(b)) for b in base["statements"] + v.get("more", [])]
    founding = cose.read_founding(unhex(base["founding"]))
    return trust.Directory(founding, [s for s in statements if s.id.hex() not in without])


def v_directory(v, ctx):
    d = _directory(v, ctx)
    policy = d.latest(layout.POLICY)
    revoked = {s.id.hex(): [r.id.hex() for r in d.revocations_of(s.id)] for s in d.all.values() if s.is_appointment}
    lines = {o.hex(): [[x.hex() for x in d.tree.line(o, n)] for n in range(1, d.tree.count(o) + 1)] for o in d.tree.places}
    ends = {o.hex(): sorted(x.hex() for x, _ in s.body["becomes"][1][0]) for o, s in d.tree.ends.items()}
    more = {"lines": lines, "ends": ends} if lines else {}
    return {**more, "faults": {i.hex(): trust.reason_text(fault) for i, fault in d.faults.items()},
            "line": [x["id"].hex() for x in d.line.terms], "orgs": sorted(o.hex() for o in d.orgs),
            "policy": policy and policy.id.hex(), "revoked": {a: r for a, r in revoked.items() if r}}


def _capacity(c):
    return c and {"appointment": c["appointment"].hex(), "name": c["name"], "org": c["org"].hex(),
                  "org_level": layout.LEVELS[c["org_level"]], "person": c["person"] and c["person"].hex(),
                  "roles": [layout.ROLES[r] for r in c["roles"]], "seat": c["seat"] and layout.LEVELS[c["seat"]]}


def _verdict(n):
    """A verdict as record.json prints it."""
    if n.counts:
        return {"verdict": "counts", "adopted": n.adopted and {n.adopted[0]: n.adopted[1].hex()}, "capacity":
                _capacity(n.capacity), "ledger": n.ledger["id"], "provisional": n.log.witnessed(n.index) is None}
    out = {"verdict": n.verdict, "reason": summary.reason(n)}
    if n.verdict == "contested":
        out.update(capacity=_capacity(n.capacity), ledger=n.ledger and n.ledger["id"])
    return out


def _views(v, d):
    """The logs of a vector by their origins."""
    views = {}
    for log in v["logs"]:
        start = logs.read_start_payload(unhex(log["start"]))
        receipts = [logs.read_receipt(unhex(r)) for r in log["receipts"]]
        for r in receipts:
            logs.check_receipt(r, start["origin"], start["node"])
        views[start["origin"]] = witness.LogView(d, start, receipts)
    return views


def _nodes(v, views):
    for c in v["changes"]:
        e = logs.Entry(unhex(c["entry"]))
        e.check_signature()
        e.check_payload(unhex(c["payload"]))
        yield Node(e, changes.read_change(unhex(c["payload"])), views[e.header["origin"]], c["index"])


def _state(r):
    """The fold of a record, as README.md there prints it."""
    return {
        "id": r.id.hex(), "definition": r.definition and r.definition.hex(), "heads": [h.hex() for h in r.graph.heads],
        "events": [{"body": e["body"].hex(), "by": _capacity(e["node"].capacity), "change": e["node"].id.hex(),
                    "id": e["id"].hex(), "ineffective": e["ineffective"], "kind": layout.EVENTS[e["kind"]],
                    "op": op_text(e["op"])} for e in r.events],
        **summary.later(r),
        "fields": {k: {"candidates": [{"change": c.hex(), "op": op_text(op), "value": summary.value(x)}
                                      for op, x, c in f], "value": summary.value(f[0][1])} for k, f in r.fields.items()},
        "history": [{"change": n.id.hex(), "verdict": _verdict(n)} for n in r.graph.every]}


def v_record(v, ctx):
    d = _directory(v, ctx)
    r = Record(unhex(v["record"]), list(_nodes(v, _views(v, d))), d, Definitions(ctx["ledgers"]))
    times = {}
    for n in r.graph.every:
        w = n.log.witnessed(n.index)
        times[n.id.hex()] = {"doubt": n.log.doubt(n.index, n.header["recorded"]), "witnessed": w and w[0] * 1000}
    return {"state": _state(r), "times": times}


def v_definition(v, ctx):
    body = unhex(v["body"])
    number, items = definitions.read_added(body, unhex(v["org"]))
    base = None if number == definitions.LEDGER_OF_ITS_OWN else items[0]
    made = definitions.composed(body, ctx["ledgers"].get(base))
    if made is None:
        raise definitions.DefinitionError("base")
    return {"base": base and base.hex(), "definition": made["hash"].hex(), "fields": len(made["fields"]),
            "ledger": made["id"], "rev": made["rev"]}


def v_setting(v, ctx):
    setting = next((s for s in ctx["settings"] if s["id"] == v["setting"]), None)
    if setting is None:
        raise changes.ChangeError("unknown")
    try:
        return {"value": settings.read_value(setting, v["part"], v["value"])[1]}
    except settings.ValueFault:
        raise changes.ChangeError("value")


def v_notice(v, ctx):
    """Records of settings and definitions, and others beside them."""
    d, by_record = _directory(v, ctx), {}
    for n in _nodes(v, _views(v, d)):
        by_record.setdefault(n.header["record"], []).append(n)
    program = Definitions(ctx["ledgers"])
    first = [Record(record, nodes, d, program) for record, nodes in sorted(by_record.items())]
    stated = [s for s in map(settings.read_stated, first) if s]
    known = Definitions(ctx["ledgers"], filter(None, map(definitions.read_defined, first)))
    said = settings.Settings(ctx["settings"], stated)
    states = [_state(Record(record, nodes, d, known)) for record, nodes in sorted(by_record.items())]
    return {
        "settings": [{**s, "record": s["record"].hex(), "org": s["org"].hex(), "level": layout.LEVELS[s["level"]],
                      "valid_from": s["valid_from"].isoformat()} for s in stated],
        "definitions": [{"definition": h.hex(), "ledger": k["definition"]["id"], "rev": k["definition"]["rev"],
                         "org": k["org"].hex(), "version": k["version"], "base": k["base"] and k["base"].hex()}
                        for h, k in sorted(known.known.items())],
        "waiting": [record.hex() for record in known.waiting],
        "applies": [_applies(d, said, ask) for ask in v["asks"]], "states": states}


def _applies(d, said, ask):
    org, on = unhex(ask["org"]), settings.day(ask["on"])
    line = [org] + d.above(org)
    by, parsed, text = said.at(line, ask["setting"], ask["part"], on) or (None, None, None)
    due = said.due(line, ask["setting"], on) if type(parsed) is tuple else None
    return {"value": text, "by": by and by["record"].hex(), "due": due and due.isoformat()}


def v_field(v, ctx):
    value = cbor.parse(layout.value, unhex(v["value"]))
    place = place_of(ctx["ledgers"][unhex(v["definition"])], v["key"])
    if place is None or not value_fits(place[0], value):
        raise changes.ChangeError("field")
    return {"field": place[0]["id"], "member": place[1], "part": place[2]}


def v_bundle(v, ctx):
    with open(os.path.join(ctx["folder"], "bundle", v["bundle"]), "rb") as f:
        data = f.read()
    if "remove" in v or "replace" in v:
        files = archive.unpack(data)
        for path in v.get("remove", []):
            del files[path]
        files.update({path: unhex(b) for path, b in v.get("replace", {}).items()})
        if archive.MANIFEST not in v.get("replace", {}):
            files[archive.MANIFEST] = archive.manifest(files)
        data = archive.pack(files)
    if "xor_at" in v:
        data = data[:v["xor_at"]] + bytes([data[v["xor_at"]] ^ 1]) + data[v["xor_at"] + 1:]
    data = data[:v.get("cut_to", len(data))] + unhex(v.get("append", ""))
    trusted = cose.read_founding(unhex(v.get("founding", ctx["file"]["founding"])))["id"]
    shown = bundle.verified(data, trusted, ctx["ledgers"])
    return {"verdicts": {n.id.hex(): _word(n) for r in shown.records for n in r.graph.every}}


def _word(n):
    if not n.counts:
        return n.verdict
    return "adopted" if n.adopted else "provisional" if n.log.witnessed(n.index) is None else "counts"


def v_ledger(digests, ctx):
    """Not a list of vectors: the hashes of the definitions by their ids."""
    known = {d["id"]: d["hash"].hex() for d in ctx["ledgers"].values()}
    return [] if known == digests else [f"ledger: {known} where {digests} was expected"]


def _found(handler, v, ctx):
    try:
        return True, handler(v, ctx)
    except cbor.Codec:
        return False, "codec"
    except archive.Refused as refused:
        return False, refused.reason
    except FAULTS as fault:
        return False, str(fault)


def replay(folder, only=()):
    """How many vectors there are, and those of which something else is found, in words."""
    ctx = {"folder": folder, "ledgers": load_ledgers(os.path.join(folder, "ledger"))}
    with open(os.path.join(folder, "directory.json"), encoding="utf-8") as file:
        ctx["federation"] = json.load(file)["federation"]
    with open(os.path.join(folder, "setting.json"), encoding="utf-8") as file:
        ctx["settings"] = json.load(file)["settings"]
    count, failures = 0, []
    for name in sorted(name[:-5] for name in os.listdir(folder) if name.endswith(".json")):
        if only and name not in only:
            continue
        with open(os.path.join(folder, name + ".json"), encoding="utf-8") as file:
            ctx["file"] = json.load(file)
        if name == "ledger":
            failures += v_ledger(ctx["file"]["definitions"], ctx)
            continue
        handler = globals()["v_" + name]
        for number, v in enumerate(ctx["file"]["vectors"]):
            count += 1
            found = _found(handler, v, ctx)
            expected = (v["valid"], v.get("follows") if v["valid"] else v["reason"])
            if found != expected:
                failures.append(f"{name} {number}, {v['name']}: {found} where {expected} was expected"[:1000])
    return count, failures
