"""policy.txt of a log: which keys sign and witness it, and the quorum (07-bundle.md, V-13)."""

from . import layout, notes


def witnesses(directory, groups):
    """The appointments as witness in an org of a group that stand and are not revoked."""
    orgs = {org for group in groups or [] for org in group}
    return [a for a in directory.standing if a.is_appointment and a.body["purpose"] == layout.WITNESS
            and a.body["org"] in orgs and not directory.revocations_of(a.id)]


def tlog_policy(directory, log):
    """The text, or None where no quorum can be met."""
    groups = log.view.groups or []
    speaks = {}                                             # witness key -> first group for which it may speak
    for a in witnesses(directory, groups):
        group = next(n for n, orgs in enumerate(groups) if a.body["org"] in orgs)
        speaks[a.body["key"]] = min(group, speaks.get(a.body["key"], group))
    for r, group, _ in log.view.counted:
        speaks[r["witness"]] = min(group, speaks.get(r["witness"], group))
    named = sorted((notes.witness_name(key), key, group) for key, group in speaks.items())
    if not groups or {group for _, _, group in named} != set(range(len(groups))):
        return None
    out = ["log " + notes.vkey(log.origin, notes.ED25519, log.start["node"]), ""]
    out += [f"witness {name} {notes.vkey(name, notes.COSIGNATURE, key)}" for name, key, _ in named]
    out.append("")
    for n, orgs in enumerate(groups):
        out.append("# orgs: " + " ".join(org.hex() for org in orgs))
        out.append(f"group required-{n + 1} any " + " ".join(name for name, _, group in named if group == n))
    out.append("group required all " + " ".join(f"required-{n + 1}" for n in range(len(groups))))
    out.append("quorum required")
    return "\n".join(out) + "\n"
