"""Erasures and their acknowledgements (05-spaces.md, P-15 to P-17)."""

import re

from . import cbor, changes, crypto, layout



class ErasureError(Exception):
    pass


def read_statement(data):
    """P-15: what a log's entry says of an erasure, as erasure.json prints it."""
    number, items = cbor.parse(layout.log_statement, data, 32768)
    if number == 6:
        return {"erasure": items[0]["erasure"].hex(), "record": items[0]["record"].hex()}
    if number != 5:
        raise ErasureError("other")
    return read_signed(items[0])


def read_signed(data):
    """P-16, in its order."""
    if len(data) > 1500:
        raise ErasureError("too_long")
    body, signature = cbor.parse(layout.signed_erasure, data, 1500)
    if len(body) > 1400:
        raise ErasureError("too_long")
    said = cbor.parse(layout.erasure, body, 1400)
    if not changes.is_date(said["on"]):
        raise ErasureError("date")
    note = said["note"]
    if note is not None:
        fault = changes.note_fault(note)
        if fault:
            raise ErasureError(fault)
    if not crypto.verify_domain("lianzhan/erasure/v1", said["author"], body, signature):
        raise ErasureError("signature")
    return {"ground": layout.GROUNDS[said["ground"]], "id": crypto.H("lianzhan/erasure-id/v1", body).hex(), "note": note,
            "on": said["on"], "record": said["record"].hex(), "reissued_as": reissued_as(note)}


def reissued_as(note):
    """P-16a, as far as the remark alone says: the record that it names."""
    found = re.fullmatch(r"重新登记为((?: [0-9a-f]{4}){8})", note or "")
    return found.group(1).replace(" ", "") if found else None
