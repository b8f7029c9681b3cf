"""Verification of an evidence bundle, offline (07-bundle.md, V-1 to V-13)."""

import hashlib
import re

from . import archive, changes, cose, layout, logs, merkle, notes, summary
from .archive import Refused
from .definitions import LEDGER, Definitions, read_defined
from .graph import Node
from .needed import check_needed
from .notes import NoteError
from .records import Record
from .shown_log import ShownLog, parsed_proof
from .trust import Directory

README_SHA256 = "1902f7ff3e47d04a85b24a67a7dd63f5308cbc65669aed51a46d34de52fd2024"
_NOT_BY_ITSELF = ("issuer", "issuer_unknown", "org_unknown", "target_unknown")


class Files:
    """The files of a bundle; `left` has the paths of those that nothing used yet."""

    def __init__(self, files):
        self.files, self.left = files, set(files)

    def take(self, path):
        if path not in self.left:
            raise Refused(path, "missing")
        self.left.remove(path)
        return self.files[path]

    def names(self, prefix, end):
        """The different names that follow the prefix up to `end` or to the end of the path."""
        return sorted({path[len(prefix):].split(end)[0] for path in self.left if path.startswith(prefix)})


class Bundle:
    """What a bundle shows, checked up to V-9; `records` is filled by `verified`."""

    def __init__(self, data, trusted):
        files = archive.unpack(data)                                                # V-1
        archive.check_manifest(files)                                               # V-2
        self.files = Files(files)
        self.files.take(archive.MANIFEST)
        self.stated = self.files.take("summary.json")
        self._founding(trusted)
        self._statements()
        shown = (ShownLog(self.files, f"logs/{name}/", self.directory) for name in self.files.names("logs/", "/"))
        self.logs = {log.origin: log for log in shown}                              # V-5 to V-7
        self._changes()
        self.records = []

    def _founding(self, trusted):
        """V-3."""
        if hashlib.sha256(self.files.take("README.txt")).hexdigest() != README_SHA256:
            raise Refused("README.txt", "readme")
        try:
            self.founding = cose.read_founding(self.files.take("founding.cose"))
        except cose.Bad:
            raise Refused("founding.cose", "founding")
        if self.founding["id"] != trusted:
            raise Refused("founding.cose", "other_founding")

    def _statements(self):
        """V-4."""
        self.statements = []
        for name in self.files.names("statements/", "."):
            path = f"statements/{name}.cose"
            try:
                s = cose.Statement(self.files.take(path))
            except cose.Bad:
                raise Refused(path, "statement")
            if path != statement_path(s.id):
                raise Refused(path, "other_name")
            self.statements.append(s)
        d = self.directory = Directory(self.founding, self.statements)
        bearing = d.bearing()
        fallen = sorted(i for i in d.faults if i not in bearing)
        if fallen:
            first = next((i for i in fallen if d.faults[i][0] not in _NOT_BY_ITSELF), fallen[0])
            raise Refused(statement_path(first), "does_not_stand")

    def _changes(self):
        """V-8, V-9."""
        self.changes, places, self.by_record = {}, set(), {}
        for name in self.files.names("entries/", "."):
            if re.fullmatch(r"[0-9a-f]{64}", name):
                n = self._change(name)
                self.changes[n.id] = n
        for n in self.changes.values():
            if (n.log.origin, n.index) in places:
                raise Refused(entry_path(n.id), "same_place")
            places.add((n.log.origin, n.index))
            self.by_record.setdefault(n.header["record"], []).append(n)
        if not self.changes:
            raise Refused("entries", "empty")

    def _change(self, name):
        path, payload_path, proof_path = (f"entries/{name}.{ending}" for ending in ("entry", "payload", "tlog-proof"))
        try:
            e = logs.Entry(self.files.take(path))
        except logs.LogError:
            raise Refused(path, "entry")
        if e.id.hex() != name:
            raise Refused(path, "other_name")
        try:
            e.check_signature()
            if e.header["kind"] != layout.CHANGE:
                raise Refused(path, "not_a_change")
            log = self.logs.get(e.header["origin"])
            if log is None:
                raise Refused(path, "no_log")
            e.check_place(log.origin, log.start["space_id"])
        except logs.LogError:
            raise Refused(path, "entry")
        payload = self.files.take(payload_path)
        try:
            e.check_payload(payload)
            change = changes.read_change(payload)
        except logs.LogError:
            raise Refused(payload_path, "entry")
        except changes.ChangeError:
            raise Refused(payload_path, "change")
        index, proof, note, extra = parsed_proof(self.files.take(proof_path), proof_path)
        if index == 0:
            raise Refused(path, "entry")                                            # L-5
        if extra:
            raise Refused(proof_path, "proof_against")
        size, root, expected = log.checkpoint_for(index)
        if note != expected:
            raise Refused(proof_path, _other_note(log, e, index, proof, note))
        try:
            merkle.check_inclusion(index, size, e.leaf, proof, root)
        except merkle.ProofError:
            raise Refused(proof_path, "proof")
        return Node(e, change, log.view, index)


def _other_note(log, e, index, proof, note):
    """What is wrong with a proof whose note is not the one that it must carry."""
    try:
        notes.Note(note)
    except NoteError:
        return "note"
    try:
        size, root = notes.open_checkpoint(note, log.origin, log.start["node"])
        merkle.check_inclusion(index, size, e.leaf, proof, root)
    except NoteError:
        return "checkpoint"
    except merkle.ProofError:
        return "proof"
    return "proof_against"


def statement_path(statement_id):
    return f"statements/{statement_id.hex()}.cose"


def entry_path(change_id, ending="entry"):
    return f"entries/{change_id.hex()}.{ending}"


def _in_one_space(record_id, nodes):
    """V-9."""
    if len({n.header["space"] for n in nodes}) > 1:
        raise Refused(f"record {record_id.hex()}", "several_spaces")


def _definitions(bundle, ledgers):
    """N-9: what records of the bundle add, themselves judged by the definitions of the program alone."""
    program, defined = Definitions(ledgers), []
    ours = {digest for digest, definition in ledgers.items() if definition["id"] == LEDGER}
    for record_id, nodes in sorted(bundle.by_record.items()):
        if any(n.change["definition"] in ours for n in nodes):
            _in_one_space(record_id, nodes)
            defined.append(read_defined(Record(record_id, nodes, bundle.directory, program)))
    return Definitions(ledgers, filter(None, defined))


def _record(bundle, record_id, nodes, definitions):
    """V-9, V-10."""
    _in_one_space(record_id, nodes)
    record = Record(record_id, nodes, bundle.directory, definitions)
    if record.graph.waiting:
        raise Refused(entry_path(record.graph.waiting[0].id, "payload"), "missing_dependency")
    return record


def verified(data, trusted, ledgers):
    """The bundle with its records, or Refused.  `trusted` is the id of the founding statement that the auditor trusts."""
    bundle = Bundle(data, trusted)
    definitions = _definitions(bundle, ledgers)
    bundle.records = [_record(bundle, record_id, nodes, definitions)
                      for record_id, nodes in sorted(bundle.by_record.items())]
    check_needed(bundle)                                                            # V-11
    if summary.render(bundle).encode() != bundle.stated:                            # V-12
        raise Refused("summary.json", "summary")
    return bundle
