#!/usr/bin/env bash
# Makes sure of the Debian programs that judge in tests what leaves the building: others' readers of PDF, codes and XML, of
# calendars, and a server that takes mail. Installs only when it is root and something is missing; otherwise it says the command.
set -euo pipefail

missing=()
command -v qpdf >/dev/null || missing+=(qpdf)
command -v pdftotext >/dev/null || missing+=(poppler-utils)
command -v zbarimg >/dev/null || missing+=(zbar-tools)
command -v xmllint >/dev/null || missing+=(libxml2-utils)
/usr/bin/python3 -c 'import icalendar' 2>/dev/null || missing+=(python3-icalendar)
/usr/bin/python3 -c 'import aiosmtpd' 2>/dev/null || missing+=(python3-aiosmtpd)
command -v khal >/dev/null || missing+=(khal)
command -v vdirsyncer >/dev/null || missing+=(vdirsyncer)
[[ ${#missing[@]} -eq 0 ]] && exit 0

hint="apt-get update && apt-get install -y --no-install-recommends ${missing[*]}"
if [[ $(id -u) -ne 0 ]] || ! command -v apt-get >/dev/null; then
	printf 'jisr: some tests of paper, calendar and mail are skipped without %s; on Debian, as root:\n  %s\n' "${missing[*]}" "$hint" >&2
	exit 0
fi
echo "jisr: installing ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
