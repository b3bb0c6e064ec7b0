package programme

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"sync"

	"jisr"
)

// Code is one entry of a code list, in both languages.
type Code struct {
	Code      string             `json:"code"`
	Ar        string             `json:"ar"`
	En        string             `json:"en"`
	Parent    string             `json:"parent,omitempty"`
	ValidFrom jisr.Date          `json:"valid_from,omitempty"`
	ValidTo   jisr.Date          `json:"valid_to,omitempty"` // the last day
	Lat       *float64           `json:"lat,omitempty"`
	Lon       *float64           `json:"lon,omitempty"`
	Aka       []string           `json:"aka,omitempty"`    // other names and codes, understood when a table is read
	Values    map[string]float64 `json:"values,omitempty"` // figures that formulas use: a reservoir's capacity
}

// Label is the code's name in both languages.
func (c *Code) Label() jisr.Text { return jisr.Text{"ar": c.Ar, "en": c.En} }

// ValidOn tells whether the code may be used for that day.
func (c *Code) ValidOn(d jisr.Date) bool {
	return (c.ValidFrom == "" || c.ValidFrom <= d) && (c.ValidTo == "" || d <= c.ValidTo)
}

// SharedList is a list that several annexes use, as this program ships it. The annex names its hash, so what was signed
// cannot change under the parties.
type SharedList struct {
	List   string `json:"list"`
	SHA256 string `json:"sha256"`
}

// codeList is a list as programmes use it.
type codeList struct {
	name  string
	codes []Code
	index map[string]int
	dated bool
	names func() map[string]string // by any name a table may use; made when first asked
}

func newCodeList(name string, codes []Code) *codeList {
	l := &codeList{name: name, codes: codes, index: make(map[string]int, len(codes))}
	for i := range codes {
		if _, twice := l.index[codes[i].Code]; !twice { // the compiler refuses the second
			l.index[codes[i].Code] = i
		}
		l.dated = l.dated || codes[i].ValidFrom != "" || codes[i].ValidTo != ""
	}
	l.names = sync.OnceValue(l.byName)
	return l
}

func (l *codeList) code(c string) (*Code, bool) {
	i, ok := l.index[c]
	if !ok {
		return nil, false
	}
	return &l.codes[i], true
}

// figure is a figure that stands with a code.
func (l *codeList) figure(v value, name string) value {
	if c, ok := l.code(v.s); ok && v.kind == text {
		if n, ok := c.Values[name]; ok {
			return numberOf(n)
		}
	}
	return value{}
}

// byName finds codes by their names in either language and by what else they are called. A name two codes have is none.
func (l *codeList) byName() map[string]string {
	all := make(map[string]string, 3*len(l.codes))
	put := func(name, code string) {
		key := plain(name)
		if other, taken := all[key]; taken && other != code {
			code = ""
		}
		all[key] = code
	}
	for _, c := range l.codes {
		put(c.Ar, c.Code)
		put(c.En, c.Code)
		for _, a := range c.Aka {
			put(a, c.Code)
		}
	}
	for _, c := range l.codes { // a code is itself before it is another's name
		all[plain(c.Code)] = c.Code
	}
	return all
}

// plain is how names are compared: without case and outer space.
func plain(s string) string { return strings.ToLower(strings.TrimSpace(s)) }

//go:embed codes
var shipped embed.FS

// ReadShared reads a list this program ships, and its hash.
func ReadShared(name string) ([]Code, string, error) {
	data, err := shipped.ReadFile("codes/" + name + ".json")
	if err != nil {
		return nil, "", jisr.Refuse(jisr.NoSuch, name, "noun", "code-list")
	}
	var codes []Code
	if err := json.Unmarshal(data, &codes); err != nil {
		return nil, "", fmt.Errorf("internal error: code list %s: %w", name, err)
	}
	sum := sha256.Sum256(data)
	return codes, hex.EncodeToString(sum[:]), nil
}

// SharedLists names the lists that this program ships.
func SharedLists() []string {
	var all []string
	entries, _ := shipped.ReadDir("codes") // embedded: cannot fail
	for _, e := range entries {
		if name, ok := strings.CutSuffix(e.Name(), ".json"); ok {
			all = append(all, name)
		}
	}
	return all
}

// Unit is a unit of measure of UNECE Recommendation 20.
type Unit struct {
	Code, Symbol string
	Label        jisr.Text
	Deprecated   bool
	Quantity     string  // what it measures; empty: converts to nothing
	Factor       float64 // how many of the quantity's base unit it is
	Zero         float64 // what its zero is in the base unit, for temperatures
}

// Units reads the units an annex may use, by code.
func Units() (map[string]Unit, error) {
	data, err := shipped.ReadFile("codes/rec20.csv")
	if err != nil {
		return nil, err
	}
	rows, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("internal error: units: %w", err)
	}
	all := make(map[string]Unit, len(rows))
	for _, r := range rows[1:] {
		u := Unit{Code: r[0], Label: jisr.Text{"en": r[1], "ar": r[2]}, Symbol: r[3], Deprecated: r[4] == "D", Quantity: r[5]}
		if _, err := fmt.Sscan(r[6]+" "+r[7], &u.Factor, &u.Zero); err != nil {
			return nil, fmt.Errorf("internal error: unit %s: %w", u.Code, err)
		}
		all[u.Code] = u
	}
	return all, nil
}

// Convert turns a figure from one unit into another that measures the same.
func Convert(n float64, from, to Unit) (float64, bool) {
	if from.Code == to.Code {
		return n, true
	}
	if from.Quantity == "" || from.Quantity != to.Quantity {
		return 0, false
	}
	return (n*from.Factor + from.Zero - to.Zero) / to.Factor, true
}
