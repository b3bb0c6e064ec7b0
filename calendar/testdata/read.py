"""Reads iCalendar from standard input with python3-icalendar, as strictly as it can, and says as JSON what stands in it.

Recurrences are expanded until the day given. Anything the reader does not like ends it.
"""
import datetime
import json
import sys

import icalendar
from dateutil import rrule

until = datetime.datetime.fromisoformat(sys.argv[1])
raw = sys.stdin.buffer.read()
assert raw.endswith(b"\r\n"), "the last line has no end"
for line in raw[:-2].split(b"\r\n"):
    assert len(line) <= 75, f"a line of {len(line)} octets"
    assert b"\n" not in line and b"\r" not in line, "a bare line end"
    line.decode()  # folded between characters

calendar = icalendar.Calendar.from_ical(raw)
assert calendar["VERSION"] == "2.0" and calendar["PRODID"]
assert not calendar.is_broken and not calendar.errors, calendar.errors
events = []
for e in calendar.walk("VEVENT"):
    assert not e.errors, e.errors
    start, end = e.decoded("DTSTART"), e.get("DTEND") and e.decoded("DTEND")
    days = [str(start)]
    if "RRULE" in e:
        begin = datetime.datetime.combine(start, datetime.time())
        days = [str(d.date()) for d in rrule.rrulestr(e["RRULE"].to_ical().decode(), dtstart=begin).between(begin, until, inc=True)]
    events.append({
        "uid": str(e["UID"]), "summary": str(e["SUMMARY"]), "status": str(e["STATUS"]), "sequence": int(e["SEQUENCE"]), "class": str(e["CLASS"]),
        "start": start.isoformat(), "end": end.isoformat() if end else "", "days": days,
        "location": str(e.get("LOCATION", "")), "description": str(e.get("DESCRIPTION", "")), "url": str(e.get("URL", "")),
        "stamp": e.decoded("DTSTAMP").isoformat(), "organizer": str(e.get("ORGANIZER", "")), "attendee": str(e.get("ATTENDEE", "")),
    })
json.dump({"name": str(calendar.get("NAME", "")), "method": str(calendar.get("METHOD", "")), "events": events,
           "properties": sorted({k for c in calendar.walk() for k in c.keys()})}, sys.stdout)
