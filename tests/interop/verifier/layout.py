"""Every type of the pages 01 to 06, as readers for cbor.parse."""

import re

from .cbor import (Codec, arrayof, boolean, bstr, enum, int64, integer, listof, mapof, nullable, tstr, u8, u16, u32, uint,
                   variant)
from .crypto import key_fault

LEVELS = {1: "national", 2: "province", 3: "city", 4: "county", 5: "township", 6: "street", 7: "station"}
RANK = {1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 5, 7: 6}
ROLES = dict(enumerate(
    """station_liaison opinion_liaison duty_supervisor policy_adviser publicist reform_researcher deputy group_leader
    station_head secretary presidium_chair presidium_vice_chair street_chair deputies_office directors_meeting
    standing_committee_member congress_secretariat assigner supervision_lead supervision_group_member organiser teller
    publisher dept_officer dept_head joint_body_officer administrator auditor""".split(), 1))
PURPOSES = {1: "authority", 2: "node", 3: "witness", 4: "person"}
CITY = 3
AUTHORITY, NODE, WITNESS, PERSON = 1, 2, 3, 4
AUDIENCES = {1: "local", 2: "township", 3: "county", 4: "city", 5: "summary", 6: "notice", 7: "joint", 8: "directory"}
JOINT, CITY_AUDIENCE = 7, 4
EVENTS = {1: "register", 2: "sign_in", 3: "log_line", 4: "seal", 5: "adopt", 6: "correct", 7: "confirm",
          8: "clear", 9: "sign_in_for", 10: "confirm_for"}
PROOFS = {1: "key", 2: "link", 3: "token", 4: "paper"}
KEY_PROOF, PAPER = 1, 4
DEPUTY = 7

level, role, purpose, audience, event_proof = map(enum, (LEVELS, ROLES, PURPOSES, AUDIENCES, PROOFS))
id16, id32, hash32 = bstr(16), bstr(32), bstr(32)


def key(v):
    """C-8, C-9: the 32 bytes."""
    raw = arrayof(integer(1, 1), bstr(32))(v)[1]
    if key_fault(raw):
        raise Codec("no such key")
    return raw


def signature(v):
    return arrayof(integer(1, 1), bstr(64))(v)[1]


_ORIGIN = re.compile(r"[!-*,-~]{1,128}\Z")


def is_origin(text):
    return bool(_ORIGIN.match(text))


def origin(v):
    if type(v) is not str or not is_origin(v):
        raise Codec("origin")
    return v


WHITE_SPACE = "\t\n\x0b\x0c\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))


def blank(text):
    """No character but White_Space."""
    return not folded(text)


def folded(text):
    """Without White_Space."""
    return "".join(c for c in text if c not in WHITE_SPACE)


# -- 02 ------------------------------------------------------------------------------------------------------------------

org = mapof(id=(1, id16), parent=(2, id16, None), level=(3, level), name_zh=(4, tstr()), name_en=(5, tstr()),
            code=(6, tstr()))
validity = mapof(not_before=(1, int64), not_after=(2, int64))
may_appoint = mapof(roles=(1, listof(role)), depth=(2, u8))
appointment = mapof(key=(1, key), org=(2, id16), purpose=(3, purpose), roles=(4, listof(role)),
                    may_appoint=(5, may_appoint, None), validity=(6, validity), name=(7, tstr()), seat=(8, level, None),
                    possession=(9, signature), person=(10, id16, None))
founding = mapof(version=(1, u32), root=(2, org), founders=(3, listof(key)), threshold=(4, u32), authority=(5, key),
                 validity=(6, validity), may_appoint=(7, may_appoint))
issuer = mapof(org=(1, id16), key=(2, key), appointment=(3, id32, None), issued=(4, int64), founding=(5, id32))
ground = variant({1: arrayof(), 2: arrayof(uint, optional=1)})
cut = arrayof(origin, uint)
revocation = mapof(appointment=(1, id32), ground=(2, ground), words=(3, tstr()), cut=(4, listof(cut)),
                   keeps=(5, listof(id16)))
adoption = mapof(changes=(1, listof(id32)), statements=(2, listof(id32)))
policy = mapof(levels=(1, listof(level)))
succession = mapof(version=(1, u32), previous=(2, id32), founders=(3, listof(key)), threshold=(4, u32),
                   authority=(5, key), validity=(6, validity), may_appoint=(7, may_appoint), keeps=(8, listof(id16)))
joint = mapof(orgs=(1, listof(id16)), travel=(2, level), year=(3, u16))
space = mapof(owner=(1, id16), audience=(2, audience), generation=(3, u32), joint=(4, joint, None))
ORG, APPOINT, SPACE, WITNESSES, REVOKE, ADOPT, POLICY, SUCCEED, CHANGE_ORG = range(1, 10)
becomes = variant({1: arrayof(org, u32), 2: arrayof(listof(arrayof(id16, u32)))})
org_change = mapof(org=(1, id16), generation=(2, u32), becomes=(3, becomes), **{"from": (4, int64)}, words=(5, tstr()),
                   cut=(6, listof(cut)), keeps=(7, listof(id16)), hands=(8, listof(audience)))
body = variant({ORG: arrayof(org), APPOINT: arrayof(appointment), SPACE: arrayof(space), WITNESSES: arrayof(listof(id16)),
                REVOKE: arrayof(revocation), ADOPT: arrayof(adoption), POLICY: arrayof(policy), SUCCEED: arrayof(bstr()),
                CHANGE_ORG: arrayof(org_change)})
statement = mapof(issuer=(1, issuer), body=(2, body))

# -- 03 ------------------------------------------------------------------------------------------------------------------

CHANGE, STATEMENT, SEALED = 1, 2, 3
header = mapof(version=(1, u32), origin=(2, origin), space=(3, id32), kind=(4, integer(1, 3)), record=(5, id16, None),
               author=(6, key), appointment=(7, id32, None), recorded=(8, int64), payload=(9, hash32), size=(10, u32),
               key_commitment=(11, hash32, None))
entry = arrayof(bstr(), signature)
earlier = arrayof(origin, uint, hash32)
log_start = mapof(version=(1, u32), space=(2, space), node=(3, key), org=(4, id16), epoch=(5, bstr(16)),
                  required_parent=(6, id16, None), policy=(7, id32, None), earlier=(8, listof(earlier), None))
receipt = mapof(size=(1, uint), root=(2, hash32), log_signature=(3, signature), witness=(4, key), time_s=(5, uint),
                cosignature=(6, signature), witness_origin=(7, origin), witness_index=(8, uint), witness_size=(9, uint),
                witness_root=(10, hash32), witness_node=(11, key), witness_signature=(12, signature),
                proof=(13, listof(hash32)), witness_epoch=(14, bstr(16)))
witness_entry = mapof(origin=(1, origin), size=(2, uint), root=(3, hash32), time_s=(4, uint))
signed_root = arrayof(uint, hash32, signature)
signed_leaf = arrayof(hash32, listof(hash32), signed_root)
evidence = variant({1: arrayof(signed_root, signed_root), 2: arrayof(signed_root, signed_root, hash32, listof(hash32)),
                    3: arrayof(uint, signed_leaf, signed_leaf)})
equivocation = mapof(node=(1, key), space=(2, id32, None), epoch=(3, bstr(16)), evidence=(4, evidence))
acknowledged = mapof(record=(1, id16), erasure=(2, hash32))
receipt_of = mapof(origin=(1, origin), receipt=(2, receipt))
log_statement = variant({1: arrayof(log_start), 2: arrayof(bstr()), 3: arrayof(receipt), 4: arrayof(equivocation),
                         5: arrayof(bstr()), 6: arrayof(acknowledged), 7: arrayof(receipt_of)})

# -- 05, Erasures --------------------------------------------------------------------------------------------------------

GROUNDS = {1: "retention", 2: "request", 3: "consent", 4: "misplaced", 5: "unlawful"}
erasure = mapof(record=(1, id16), space=(2, id32), ground=(3, enum(GROUNDS)), on=(4, tstr()), note=(5, tstr(), None),
                author=(6, key), appointment=(7, id32), recorded=(8, int64))
signed_erasure = arrayof(bstr(), signature)

# -- 04 ------------------------------------------------------------------------------------------------------------------


def value(v):
    if v is None or type(v) in (bool, bytes, str):
        return v
    return int64(v)


put = arrayof(tstr(), value)
change = mapof(salt=(1, bstr()), deps=(2, listof(id32)), definition=(3, hash32), puts=(4, listof(put)))
right = variant({1: arrayof(), 2: arrayof(tstr(), tstr(), optional=1)})
confirmed = variant({1: arrayof(listof(id32), hash32), 2: arrayof(hash32)})
holder = arrayof(tstr(), tstr(), id16, optional=1)
event = variant({1: arrayof(tstr()), 2: arrayof(tstr(), level, tstr(), event_proof), 3: arrayof(tstr(), tstr()),
                 4: arrayof(level, id16, listof(id32), hash32), 5: arrayof(listof(id32)),
                 6: arrayof(hash32, tstr(), right), 7: arrayof(confirmed),
                 8: arrayof(tstr(), listof(integer(1, 5)), hash32, tstr()),
                 9: arrayof(holder, level, tstr(), event_proof, hash32),
                 10: arrayof(confirmed, holder, tstr(), event_proof, hash32)})

choice = mapof(id=(1, tstr()), zh=(2, tstr()), en=(3, tstr()), valid_from=(4, tstr(), None), valid_to=(5, tstr(), None))
_null = nullable(integer(0, -1))
field_kind = variant({1: arrayof(), 2: arrayof(), 3: arrayof(_null, int64, int64), 4: arrayof(_null, u8), 5: arrayof(),
                      6: arrayof(), 7: arrayof(), 8: arrayof(), 9: arrayof(_null, tstr()), **{n: arrayof() for n in range(10, 18)}})
keys = variant({1: arrayof(), 2: arrayof(_null, listof(choice)), 3: arrayof(_null, tstr()), 4: arrayof(), 5: arrayof(),
                6: arrayof()})
when = mapof(field=(1, tstr()), test=(4, integer(1, 2), None), **{"is": (2, listof(tstr())), "not": (3, boolean, False)})
required = integer(1, 3)
names = listof(tstr())
rule = variant({1: arrayof(_null, tstr(), tstr()), 2: arrayof(_null, names, tstr()), 3: arrayof(_null, tstr(), u32, required),
                4: arrayof(_null, names, required), 5: arrayof(_null, names), 6: arrayof(_null, tstr(), tstr()),
                7: arrayof(_null, tstr(), when), 8: arrayof(_null, tstr(), tstr()), 9: arrayof(_null, tstr()),
                10: arrayof(_null, names)})
field = mapof(id=(1, tstr()), zh=(2, tstr()), en=(3, tstr()), kind=(4, field_kind), required=(5, required),
              sensitivity=(6, integer(1, 4)), options=(7, listof(choice)), set=(8, boolean), once=(9, boolean),
              auto=(10, boolean), when=(11, when, None), max=(12, u16, None), keys=(13, keys, None),
              many=(14, boolean, False))
ledger = mapof(id=(1, tstr()), rev=(2, u32), zh=(3, tstr()), en=(4, tstr()), audience=(5, audience),
               annexes=(6, listof(tstr())), writers=(7, listof(role)), fields=(8, listof(field)), events=(9, listof(tstr())),
               rules=(10, listof(rule), ()), also=(11, listof(audience), ()), travel=(12, level, None))

# -- 09 ------------------------------------------------------------------------------------------------------------------

added = variant({1: arrayof(ledger), 2: arrayof(hash32, listof(field))})

# -- 06 ------------------------------------------------------------------------------------------------------------------

standing = arrayof(uint, hash32)
stated = arrayof(origin, standing)
proof63 = listof(hash32, 63)
hello = mapof(version=(1, u32), founding=(2, id32), node=(3, key), statements=(4, listof(bstr(), 60)),
              digest=(5, hash32, None), software=(6, tstr(64), None), chain=(7, hash32, None))
range_ = mapof(origin=(1, origin), **{"from": (2, uint)}, entries=(3, listof(arrayof(bstr(), bstr(), optional=1), 1024)),
               checkpoint=(4, tstr(65536)), proof=(5, proof63))
piece = mapof(id=(1, hash32), size=(2, uint), **{"from": (3, uint)}, data=(4, bstr(None, 262144)), path=(5, listof(hash32, 12)))
sighting = mapof(node=(1, key), at=(2, int64), connected=(3, boolean), software=(4, tstr(64), None))
message = variant({
    1: arrayof(hello), 2: arrayof(listof(arrayof(id32, hash32), 512), boolean), 3: arrayof(id32),
    4: arrayof(id32, listof(stated, 512), boolean), 5: arrayof(id32, stated), 6: arrayof(id32, origin, uint),
    7: arrayof(range_), 8: arrayof(origin), 9: arrayof(origin, uint, tstr(65536), proof63, receipt, optional=1),
    10: arrayof(origin, receipt), 11: arrayof(origin, uint, tstr(200)), 12: arrayof(listof(id16, 256)),
    13: arrayof(listof(arrayof(id16, bstr(32)), 256)), 14: arrayof(), 15: arrayof(listof(bstr(), 60), boolean),
    16: arrayof(tstr(200)), 17: arrayof(id32, origin, uint, uint), 21: arrayof(id32, origin, listof(uint, 256)),
    22: arrayof(origin, listof(arrayof(uint, bstr()), 256)), 18: arrayof(id32, hash32, uint), 19: arrayof(piece),
    20: arrayof(hash32), 23: arrayof(hash32), 24: arrayof(listof(sighting, 512)),
    25: arrayof(), 26: arrayof(listof(bstr(), 60))})

# the names that cbor.json uses
NAMED = {"uint": uint, "tstr": tstr(), "value": value, "OrgIds": listof(id16), "Validity": validity,
         "MayAppoint": may_appoint, "ground": ground, "Level": level, "origin": origin, "Space": space}
