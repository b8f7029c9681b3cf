"""Checks signatures of an unpacked evidence bundle with libraries that are not ours: pycose and cryptography.

    python evidence.py BUNDLE_DIRECTORY

Written from docs/spec (01, 02, 03, 07), not from the node's code. Ends with an error at the first thing that does not hold;
else prints what log.go needs, which knows no CBOR: keys as note verifiers, and the proofs that stand in receipts.
"""

import base64
import hashlib
import json
import sys
from pathlib import Path

import cbor2
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pycose.headers import KID, Algorithm
from pycose.algorithms import EdDSA
from pycose.keys import OKPKey
from pycose.keys.curves import Ed25519
from pycose.messages import Sign1Message, SignMessage

AUTHORITY, NODE, WITNESS, PERSON = 1, 2, 3, 4


class Bad(Exception):
    """What does not hold."""


def holds(condition, words):
    if not condition:
        raise Bad(words)


def canonical(data, words):
    """Deterministic CBOR (C-1): what is decoded must encode to the same bytes."""
    value = cbor2.loads(data)
    holds(cbor2.dumps(value, canonical=True) == data, f"{words}: not canonical")
    return value


def digest(domain, *parts):
    """H of C-12."""
    return hashlib.sha256(b"\0".join([domain.encode(), b"".join(parts)])).digest()


def key_of(pair):
    """The 32 bytes of C-8."""
    holds(len(pair) == 2 and pair[0] == 1 and len(pair[1]) == 32, "a key that is not Ed25519")
    return pair[1]


def signature_of(pair):
    holds(len(pair) == 2 and pair[0] == 1 and len(pair[1]) == 64, "a signature that is not Ed25519")
    return pair[1]


def verify(key, signature, message):
    Ed25519PublicKey.from_public_bytes(key).verify(signature, message)


def verify_domain(key, signature, domain, message):
    """Sign of C-11."""
    verify(key, signature, domain.encode() + b"\0" + message)


# --- 02: trust ----------------------------------------------------------------------------------------------------------


def founding_of(data):
    """T-1. The bundle's structures are untagged; pycose wants the tag 98."""
    array = canonical(data, "founding")
    message = SignMessage.decode(b"\xd8\x62" + data)
    founding = canonical(message.payload, "founding payload")
    founders = [key_of(founder) for founder in founding[3]]
    holds(founding[1] == 1 and founders == sorted(set(founders)), "founders")
    signed = set()
    for signer, (protected, _, signature) in zip(message.signers, array[3], strict=True):
        key = signer.phdr[KID]
        holds(signer.phdr[Algorithm] == EdDSA and key in founders and key not in signed, "a signer")
        signer.external_aad = b"lianzhan/founding/v1"
        signer.key = OKPKey(crv=Ed25519, x=key)
        holds(signer.verify_signature(), "the signature of a founder")
        # And once more with nothing but RFC 9052 in hand.
        structure = ["Signature", array[0], protected, b"lianzhan/founding/v1", array[2]]
        verify(key, signature, cbor2.dumps(structure, canonical=True))
        signed.add(key)
    holds(len(signed) >= founding[4] >= 1, "too few founders signed")
    return founding, digest("lianzhan/founding-id/v1", message.payload)


def statement_of(data):
    """T-3, with the tag 18."""
    protected, unprotected, payload, signature = canonical(data, "statement")
    holds(canonical(protected, "protected") == {1: -8} and unprotected == {}, "headers")
    statement = canonical(payload, "statement payload")
    key = key_of(statement[1][2])
    message = Sign1Message.decode(b"\xd2" + data)
    message.external_aad = b"lianzhan/statement/v1"
    message.key = OKPKey(crv=Ed25519, x=key)
    holds(message.verify_signature(), "the signature of a statement")
    structure = ["Signature1", protected, b"lianzhan/statement/v1", payload]
    verify(key, signature, cbor2.dumps(structure, canonical=True))
    return statement


def within(inner, outer):
    return outer[1] <= inner[1] < inner[2] <= outer[2]


def check_statement(name, statement, statements, founding, founding_id):
    """T-4 to T-6, and of appointments T-9, T-11 and T-13."""
    rights = (founding[7], founding[6])
    issuer, seen = statement[1], 0
    while True:
        holds(issuer[5] == founding_id, f"{name}: another founding")
        if 3 not in issuer:
            holds(issuer[1] == founding[2][1] and issuer[2] == founding[5], f"{name}: issuer is not the root")
            break
        holds(issuer[3] in statements, f"{name}: the issuer's appointment is missing")
        above = statements[issuer[3]]
        holds(above[2][0] == 2, f"{name}: the issuer names no appointment")
        appointment = above[2][1][0]
        holds(appointment[3] == AUTHORITY, f"{name}: the issuer is no authority")
        holds(appointment[1] == issuer[2] and appointment[2] == issuer[1], f"{name}: another issuer")
        if seen == 0:
            rights = (appointment[5], appointment[6])
        seen += 1
        holds(seen <= 16, f"{name}: a long chain")
        issuer = above[1]
    if statement[2][0] == 2:
        check_appointment(name, statement, *rights)


def check_appointment(name, statement, may_appoint, validity):
    issuer, appointment = statement[1], statement[2][1][0]
    allowed, roles = may_appoint[1], appointment[4]
    holds(within(appointment[6], validity), f"{name}: outlives its issuer")
    holds(roles == sorted(set(roles)) and set(roles) <= set(allowed), f"{name}: roles")
    if appointment[3] == AUTHORITY:
        granted = appointment[5]
        lower = 0 if appointment[2] == issuer[1] else 1
        holds(roles == [] and set(granted[1]) <= set(allowed), f"{name}: roles that it may give")
        holds(granted[2] + lower <= may_appoint[2], f"{name}: depth")
    else:
        holds(5 not in appointment, f"{name}: may not appoint")
    possessed = issuer[5] + appointment[2] + bytes([appointment[3]])
    verify_domain(key_of(appointment[1]), signature_of(appointment[9]), "lianzhan/possession/v1", possessed)


# --- 03: entries, notes, receipts -----------------------------------------------------------------------------------------


def entry_of(entry, payload):
    """L-2 and L-3."""
    header_bytes, signature = canonical(entry, "entry")
    header = canonical(header_bytes, "header")
    verify_domain(key_of(header[6]), signature_of(signature), "lianzhan/entry/v1", header_bytes)
    holds(header[1] == 1 and header[10] == len(payload), "the header's version or size")
    holds(header[9] == hashlib.sha256(payload).digest(), "the payload is another one")
    return header, digest("lianzhan/change/v1", header_bytes)


def vkey(name, kind, key):
    """A verifier key of C2SP signed-note."""
    key_id = hashlib.sha256(name.encode() + b"\n" + bytes([kind]) + key).digest()[:4]
    return f"{name}+{key_id.hex()}+{base64.b64encode(bytes([kind]) + key).decode()}"


def checkpoint(origin, size, root):
    return f"{origin}\n{size}\n{base64.b64encode(root).decode()}\n".encode()


def check_note(path, note, keys):
    """Every line of a note is of one of the keys (name, kind: key), and verifies; gives the kinds that signed."""
    text, lines = note.rsplit("\n\n", 1)
    message, kinds = (text + "\n").encode(), []
    for line in lines.splitlines():
        dash, name, blob = line.split(" ")
        blob = base64.b64decode(blob, validate=True)
        kind = next((kind for (of, kind) in keys if of == name), None)
        holds(dash == "—" and kind is not None, f"{path}: a line of {name}")
        key = keys[name, kind]
        holds(blob[:4] == bytes.fromhex(vkey(name, kind, key).split("+")[1]), f"{path}: a key id")
        if kind == 1:
            verify(key, blob[4:], message)
        else:
            time = int.from_bytes(blob[4:12], "big")
            verify(key, blob[12:], f"cosignature/v1\ntime {time}\n".encode() + message)
        kinds.append(kind)
    return kinds


def check_receipt(origin, node, receipt):
    """L-13, but for the proof, which log.go checks."""
    text = checkpoint(origin, receipt[1], receipt[2])
    verify(node, signature_of(receipt[3]), text)
    cosigned = f"cosignature/v1\ntime {receipt[5]}\n".encode() + text
    verify(key_of(receipt[4]), signature_of(receipt[6]), cosigned)
    above = checkpoint(receipt[7], receipt[9], receipt[10])
    verify(key_of(receipt[11]), signature_of(receipt[12]), above)


def fingerprint(key):
    return digest("lianzhan/key-fingerprint/v1", key)[:8].hex()


def check_log(folder):
    payload = (folder / "start.payload").read_bytes()
    header, _ = entry_of((folder / "start.entry").read_bytes(), payload)
    start = canonical(payload, "start")[1][0]
    origin, node = header[2], key_of(start[3])
    space = digest("lianzhan/space/v1", cbor2.dumps(start[2], canonical=True))
    named = "lianzhan/log/" + digest("lianzhan/origin/v1", node, space, start[5])[:16].hex()
    holds(origin == named == "lianzhan/log/" + folder.name, f"{folder.name}: the origin of another log (L-6)")
    holds(key_of(header[6]) == node and header[3] == space, f"{folder.name}: start of another log")
    keys, receipts = {(origin, 1): node}, []
    for n in range(1, len(list(folder.glob("receipts/*.receipt"))) + 1):
        receipt = canonical((folder / f"receipts/{n}.receipt").read_bytes(), "receipt")
        check_receipt(origin, node, receipt)
        witness = key_of(receipt[4])
        keys[f"lianzhan/witness/{fingerprint(witness)}", 4] = witness
        leaf = cbor2.dumps({1: origin, 2: receipt[1], 3: receipt[2], 4: receipt[5]}, canonical=True)
        receipts.append(
            {
                "size": receipt[1],
                "root": b64(receipt[2]),
                "leaf": b64(leaf),
                "index": receipt[8],
                "witness_size": receipt[9],
                "witness_root": b64(receipt[10]),
                "proof": [b64(node) for node in receipt[13]],
            }
        )
    for path in [folder / "start.tlog-proof", *folder.glob("receipts/*.consistency")]:
        note = path.read_text().split("\n\n", 1)[1]
        holds(check_note(path, note, keys) == [1], f"{path}: the log's line alone (V-5, V-7)")
    vkeys = {kind: [vkey(name, kind, key) for (name, of), key in keys.items() if of == kind] for kind in (1, 4)}
    return keys, {"log": vkeys[1][0], "witnesses": vkeys[4], "receipts": receipts}


def b64(data):
    return base64.b64encode(data).decode()


# --- the bundle -----------------------------------------------------------------------------------------------------------


def check_bundle(root):
    founding, founding_id = founding_of((root / "founding.cose").read_bytes())
    statements = {}
    for path in sorted(root.glob("statements/*.cose")):
        data = path.read_bytes()
        name = digest("lianzhan/statement-id/v1", data)
        holds(path.name == name.hex() + ".cose", f"{path.name}: named otherwise")
        statements[name] = statement_of(data)
    for name, statement in statements.items():
        check_statement(name.hex(), statement, statements, founding, founding_id)
    appointments = [statement[2][1][0] for statement in statements.values() if statement[2][0] == 2]
    appointed = {(key_of(one[1]), one[3]) for one in appointments}

    keys, logs = {}, {}
    for folder in sorted(root.glob("logs/*")):
        of_log, logs[folder.name] = check_log(folder)
        for (name, kind), key in of_log.items():
            holds((key, NODE if kind == 1 else WITNESS) in appointed, f"{name}: not appointed")
        keys["lianzhan/log/" + folder.name] = of_log

    changes = {}
    for path in sorted(root.glob("entries/*.entry")):
        header, change = entry_of(path.read_bytes(), path.with_suffix(".payload").read_bytes())
        holds(path.stem == change.hex(), f"{path.name}: named otherwise")
        by = statements.get(header[7])
        holds(by is not None and by[2][0] == 2, f"{path.name}: its appointment is missing")
        holds(by[2][1][0][1] == header[6] and by[2][1][0][3] == PERSON, f"{path.name}: another author")
        proof = path.with_suffix(".tlog-proof")
        kinds = check_note(proof, proof.read_text().split("\n\n", 1)[1], keys[header[2]])
        changes[change.hex()] = {"log": header[2].rsplit("/", 1)[1], "witnessed": kinds[:1] == [1] and set(kinds[1:]) == {4}}
    holds(logs and changes, "an empty bundle")

    people = {one[7]: key_of(one[1]).hex() for one in appointments if one[3] == PERSON}
    authorities = sorted(key_of(one[1]).hex() for one in appointments if one[3] == AUTHORITY)
    return {
        "root": key_of(founding[5]).hex(),
        "authorities": authorities,
        "people": people,
        "statements": len(statements),
        "logs": logs,
        "changes": changes,
    }


if __name__ == "__main__":
    json.dump(check_bundle(Path(sys.argv[1])), sys.stdout, indent=1)
