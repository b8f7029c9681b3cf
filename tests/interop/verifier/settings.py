"""Settings: what is stated, which value applies to whom on which day, when a clock ends (09-notices.md, N-10 to N-16)."""

import datetime
import re

from . import changes
from .layout import LEVELS

LEDGER = "setting"
FIRST, LAST = datetime.date(1900, 1, 1), datetime.date(2199, 12, 31)
OFFICE, SECRETARY = {14, 15}, {10}
TOWNSHIPS, STATION = (5, 6), 7
LONGEST, MOST_ROWS = 16000, 200
SPACES = "\t\n\x0b\x0c\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

_NUMBER = re.compile(r"[0-9]{1,9}\Z")
_WEEKLY = re.compile(rf"({'|'.join(WEEK)}) ([01][0-9]|2[0-3]):[0-5][0-9]\Z")
_ID = re.compile(r"[a-z0-9._]{1,48}\Z")


class ValueFault(Exception):
    """The text is no value of the setting."""


def number(text):
    return int(text) if _NUMBER.match(text) else None


def day(text):
    """A day from 1900 to 2199, or None."""
    if not changes.is_date(text):
        return None
    found = datetime.date.fromisoformat(text)
    return found if found <= LAST else None


def _ask(holds):
    if not holds:
        raise ValueFault


# -- values (N-12) -------------------------------------------------------------------------------------------------------

def read_value(setting, part, text):
    """(parsed, as it is written in one way), or ValueFault."""
    text = text.strip(SPACES)
    _ask(len(text.encode()) <= LONGEST)
    (kind, more), = setting["takes"].items()
    return globals()["_" + kind](more, part, text)


def _switch(_, part, text):
    _ask(text in ("on", "off"))
    return text == "on", text


def _number(bounds, part, text):
    found = number(text)
    _ask(found is not None and bounds["min"] <= found <= bounds["max"])
    return found, str(found)


def _choice(options, part, text):
    _ask(text in options)
    return text, text


def _period(bounds, part, text):
    count, _, unit = text.partition(" ")
    count = number(count)
    _ask(count is not None and 0 < count < 1 << 16 and unit in bounds["units"])
    _ask(count * {"months": 31, "years": 366}.get(unit, 1) <= bounds["most"])
    return (count, unit), f"{count} {unit}"


def _weekly(_, part, text):
    _ask(_WEEKLY.match(text))
    return text, text


def _text(_, part, text):
    _ask(text)
    return text, text


def _lines(text):
    """Lines end in LF, or CR LF; those that are blank are passed over."""
    lines = (line.removesuffix("\r") for line in text.split("\n"))
    return [line for line in lines if line.strip(SPACES)]


def _days(_, part, text):
    _ask(len(part) == 4 and number(part) is not None and FIRST.year <= number(part) <= LAST.year)
    days = {}
    for line in _lines(text):
        words = re.split(f"[{SPACES}]", line.strip(SPACES), maxsplit=2)
        on = day(words[0])
        _ask(on is not None and len(words) > 1 and words[1] in ("off", "work"))
        _ask(on.year == number(part) and on not in days)
        days[on] = words[1], words[2].strip(SPACES) if len(words) > 2 else ""
    shown = "\n".join(" ".join(filter(None, (on.isoformat(), *days[on]))) for on in sorted(days))
    return {on: word == "work" for on, (word, _) in days.items()}, shown


def _rows(columns, part, text):
    rows, ids = [], set()
    for line in _lines(text):
        cells = [cell.strip(SPACES) for cell in line.split("|")]
        _ask(len(cells) == len(columns))
        for column, cell in zip(columns, cells):
            _ask(column != "id" or _ID.match(cell) and cell not in ids)
            _ask(column != "words" or 1 <= len(cell) <= 120)
            _ask(column != "number" or number(cell) is not None)
            _ask(column != "yes_no" or cell in ("yes", "no"))
            if column == "id":
                ids.add(cell)
        rows.append(cells)
    _ask(1 <= len(rows) <= MOST_ROWS)
    return rows, "\n".join(" | ".join(row) for row in rows)


# -- what is stated (N-1, N-10, N-11) ------------------------------------------------------------------------------------

def read_stated(record):
    """What a record states, or None."""
    return next(filter(None, (_stated_by(record, said) for said in record.beginnings())), None)


def _stated_by(record, said):
    if said.ledger["id"] != LEDGER:
        return None
    level = said.capacity["org_level"]
    may = set() if level == STATION else SECRETARY if level in TOWNSHIPS else OFFICE
    if said.capacity["org"] != record.owner or level is None or not may & set(said.capacity["roles"]):
        return None
    puts = {key[2:]: value for key, value, event in said.change["puts"] if event is None}
    text = {name: puts[name] for name in ("setting", "part", "valid_from") if isinstance(puts.get(name), str)}
    valid_from = day(text.get("valid_from", ""))
    if valid_from is None:
        return None
    version, value = puts.get("version"), puts.get("value")
    return {"record": record.id, "org": record.owner, "level": level, "setting": text.get("setting", ""),
            "part": text.get("part", ""), "value": value if isinstance(value, str) else None, "valid_from": valid_from,
            "version": version if type(version) is int else 0}


class Settings:
    """All that is stated, and the table of settings."""

    def __init__(self, table, stated):
        self.table = {setting["id"]: setting for setting in table}
        self.stated = list(stated)

    def _of(self, org, setting, part, on):
        """N-13: what an org's word on this day says: (statement, parsed, text), or None."""
        def usable(s):
            if (s["org"], s["setting"], s["part"]) != (org, setting["id"], part) or s["valid_from"] > on \
                    or LEVELS[s["level"]] not in setting["levels"]:
                return False
            try:
                return s["value"] is None or bool(read_value(setting, part, s["value"]))
            except ValueFault:
                return False
        found = [s for s in self.stated if usable(s)]
        if not found:
            return None

        def rank(s):
            return s["valid_from"], s["version"], s["value"] is not None, (s["value"] or "").encode()
        last = max(found, key=rank)
        if last["value"] is None:
            return None
        by = min((s for s in found if rank(s) == rank(last)), key=lambda s: s["record"])
        return (by, *read_value(setting, part, last["value"]))

    def at(self, line, setting_id, part, on):
        """(statement or None, parsed, text) of what applies; None where nothing does."""
        setting = self.table.get(setting_id)
        if setting is None:
            return None
        for org in line if setting["reach"] == "nearest" else reversed(line):
            if found := self._of(org, setting, part, on):
                return found
        if setting["default"] == "":
            return None
        return (None, *read_value(setting, part, setting["default"]))

    # -- days (N-14 to N-16) ---------------------------------------------------------------------------------------------

    def is_working(self, line, on):
        found = self.at(line, "calendar", f"{on.year:04}", on)
        return (found[1] if found else {}).get(on, on.weekday() < 5)

    def _working_from(self, line, on):
        while not self.is_working(line, on) and on < LAST:
            on += datetime.timedelta(1)
        return on

    def due(self, line, setting_id, start):
        found = self.at(line, setting_id, "", start)
        if found is None or type(found[1]) is not tuple:
            return None
        count, unit = found[1]
        if unit == "days":
            return start + min(datetime.timedelta(count), LAST - start)
        if unit == "working_days":
            for _ in range(count):
                start = self._working_from(line, start + min(datetime.timedelta(1), LAST - start))
            return start
        end = plus_months(start, count * (12 if unit == "years" else 1))
        moves = self.at(line, "deadline.rest_day", "", start)
        return self._working_from(line, end) if moves and moves[1] == "moves" else end


def plus_months(start, months):
    years, month = divmod(start.month - 1 + months, 12)
    year = start.year + years
    if year > LAST.year:
        return LAST
    last = (datetime.date(year + month // 11, (month + 1) % 12 + 1, 1) - datetime.timedelta(1)).day
    return datetime.date(year, month + 1, min(start.day, last))
