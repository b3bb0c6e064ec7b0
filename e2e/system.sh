#!/usr/bin/env bash
# Makes sure of what the browser tests need from the system: Debian's Chromium, and one font with Arabic and Latin in
# case a page's own fonts fail to load (a page of empty boxes would pass for text). Installs only when it is root and
# something is missing; otherwise it says the command. CHROMIUM names another browser binary.
set -euo pipefail

browser() {
	[[ -n ${CHROMIUM:-} ]] && { [[ -x $CHROMIUM ]]; return; }
	command -v chromium >/dev/null
}

fonts() {
	[[ -d /usr/share/fonts/truetype/noto ]] && ls /usr/share/fonts/truetype/noto/NotoSansArabic-* >/dev/null 2>&1
}

if [[ -n ${CHROMIUM:-} ]] && ! browser; then
	echo "jisr: CHROMIUM is $CHROMIUM, which can't be run" >&2
	exit 1
fi

missing=()
browser || missing+=(chromium)
fonts || missing+=(fonts-noto-core)
[[ ${#missing[@]} -eq 0 ]] && exit 0

hint="apt-get update && apt-get install -y --no-install-recommends ${missing[*]}"
if ! command -v apt-get >/dev/null; then
	echo "jisr: the browser tests need ${missing[*]}; this is not Debian: install them your way, and set CHROMIUM" >&2
	exit 1
fi
if [[ $(id -u) -ne 0 ]]; then
	printf 'jisr: the browser tests need %s; as root run:\n  %s\n' "${missing[*]}" "$hint" >&2
	exit 1
fi
echo "jisr: installing ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
browser || { echo "jisr: chromium was installed but can't be found on PATH" >&2; exit 1; }
