package words

import (
	"net/url"
	"path"
	"strings"
)

// Download is the Content-Disposition of a file to be saved (RFC 6266 section 4.3): its name in ASCII for old programs, in
// UTF-8 for all others (RFC 8187). The name was written by somebody else; instead serves where nothing of it is left.
func Download(name, instead string) string {
	if name = safeName(name); name == "" {
		name = safeName(instead)
	}
	ascii := strings.Map(func(r rune) rune {
		if r > 0x7e || r == '%' || r == ';' {
			return '_'
		}
		return r
	}, name)
	return `attachment; filename="` + ascii + `"; filename*=UTF-8''` + strings.ReplaceAll(url.QueryEscape(name), "+", "%20")
}

// safeName leaves of a name what cannot lead out of a directory, hide the file, or turn its reading order so that
// "gpj.exe" looks like "exe.jpg" (Unicode Technical Report 36, section 2.2).
func safeName(name string) string {
	name = path.Base(strings.ReplaceAll(strings.ToValidUTF8(name, ""), `\`, "/"))
	name = strings.Map(func(r rune) rune {
		switch {
		case r < 0x20, r >= 0x7f && r < 0xa0, r >= 0x200e && r <= 0x200f, r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069, r == 0x61c:
			return -1
		case strings.ContainsRune(`<>:|?*/"`, r):
			return '_'
		}
		return r
	}, name)
	return strings.TrimLeft(strings.TrimSpace(name), ".")
}
