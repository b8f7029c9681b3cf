"""The evidence of one log in a bundle (07-bundle.md, V-5 to V-7, and the checkpoints of V-8)."""

import re

from . import layout, logs, merkle, notes, policy, witness
from .archive import Refused
from .merkle import ProofError
from .notes import NoteError

MOST_COSIGNATURES = 16
_RECEIPT = re.compile(r"receipts/.*\.receipt\Z")


def text_of(data, path):
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise Refused(path, "codec")


def parsed_proof(data, path):
    """Index, hashes, note and whether there is an extra line."""
    try:
        return notes.parse_tlog_proof(text_of(data, path))
    except NoteError:
        raise Refused(path, "proof_file")


class ShownLog:
    """A log of the bundle: `start`, the newest checkpoint (`size`, `root`, `note`), `receipts`, `view` with what counts."""

    def __init__(self, files, folder, directory):
        self.folder = folder
        self._start(files)
        self._appointed(directory)
        self._newest(files)
        self._receipts(files, directory)
        path, expected = folder + "policy.txt", policy.tlog_policy(directory, self)
        if expected is not None and files.take(path) != expected.encode():
            raise Refused(path, "tlog_policy")                                      # V-13

    def _start(self, files):
        path, payload_path = self.folder + "start.entry", self.folder + "start.payload"
        data = files.take(path)
        try:
            e = logs.Entry(data)
        except logs.LogError:
            raise Refused(path, "entry")
        payload = files.take(payload_path)
        try:
            e.check_payload(payload)
        except logs.LogError:
            raise Refused(payload_path, "entry")
        try:
            start = logs.read_start_payload(payload)
        except logs.LogError as fault:
            raise Refused(payload_path, "start" if str(fault) == "start" else "codec")
        try:
            logs.check_start(e, start)
            if start["version"] != 1:
                raise Refused(path, "start")
            e.check_place(start["origin"], start["space_id"])
            e.check_signature()
        except logs.LogError:
            raise Refused(path, "entry")
        if self.folder != "logs/" + start["origin"].removeprefix("lianzhan/log/") + "/":
            raise Refused(path, "other_name")
        self.start, self.origin, self.leaf = start, start["origin"], e.leaf

    def _appointed(self, d):
        """L-7."""
        start, path = self.start, self.folder + "start.payload"
        named = start["policy"]
        if not d.appointments(start["node"], layout.NODE, start["org"]):
            raise Refused(path, "node_not_appointed")
        if not d.may_hold(start["org"], start["space"], ever=True):
            raise Refused(path, "may_not_hold")
        if start["required_parent"] not in (d.parents(start["org"]) or [None]):
            raise Refused(path, "required_parent")
        if named is not None and not (d.stands(named) and d.all[named].kind == layout.POLICY):
            raise Refused(path, "policy")

    def _newest(self, files):
        path = self.folder + "start.tlog-proof"
        index, proof, text, extra = parsed_proof(files.take(path), path)
        try:
            note = notes.Note(text)
            notes.parse_checkpoint(note.text)
        except NoteError:
            raise Refused(path, "proof_file")
        try:
            self.size, self.root = notes.open_checkpoint(text, self.origin, self.start["node"])
        except NoteError:
            raise Refused(path, "checkpoint")
        if extra or len(note.lines) != 1 or index != 0:
            raise Refused(path, "proof_against")
        try:
            merkle.check_inclusion(0, self.size, self.leaf, proof, self.root)
        except ProofError:
            raise Refused(path, "proof")
        self.note = text

    def _receipts(self, files, directory):
        self.receipts = []
        count = sum(1 for path in files.left if path.startswith(self.folder) and _RECEIPT.match(path[len(self.folder):]))
        for n in range(1, count + 1):
            path = f"{self.folder}receipts/{n}.receipt"
            try:
                r = logs.read_receipt(files.take(path))
            except logs.LogError:
                raise Refused(path, "codec")
            try:
                logs.check_receipt(r, self.origin, self.start["node"])
            except logs.LogError:
                raise Refused(path, "receipt")
            r["number"] = n
            if not witness.LogView(directory, self.start, [r]).counted:
                raise Refused(path, "not_a_witness")
            if self.receipts and _place(r) <= _place(self.receipts[-1]):
                raise Refused(path, "receipt_order")
            self._growth(files, r)
            self.receipts.append(r)
        self.view = witness.LogView(directory, self.start, self.receipts)

    def _growth(self, files, r):
        path = f"{self.folder}receipts/{r['number']}.consistency"
        text = text_of(files.take(path), path)
        try:
            old, proof, note = notes.parse_growth(text)
        except NoteError:
            raise Refused(path, "proof_against")
        if old != r["size"] or note != self.note:
            raise Refused(path, "proof_against")
        try:
            merkle.check_consistency(old, self.size, r["root"], self.root, proof)
        except ProofError:
            raise Refused(path, "proof")

    def checkpoint_for(self, index):
        """Size, root and note against which the proof of a change is written (V-8)."""
        first = next((r for r in self.receipts if r["size"] > index), None)
        if first is None:
            return self.size, self.root, self.note
        text = notes.checkpoint_text(self.origin, first["size"], first["root"])
        lines, seen = [notes.log_line(self.origin, self.start["node"], first["log_signature"])], set()
        for r in self.receipts:
            if r["size"] == first["size"] and r["witness"] not in seen and len(seen) < MOST_COSIGNATURES:
                seen.add(r["witness"])
                name = notes.witness_name(r["witness"])
                lines.append(notes.cosignature_line(name, r["witness"], r["time_s"], r["cosignature"]))
        return first["size"], first["root"], text + "\n" + "".join(lines)


def _place(r):
    return r["size"], r["time_s"], r["bytes"]
