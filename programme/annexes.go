package programme

import (
	"embed"
	"strings"

	"jisr"
)

//go:embed annexes/*.json
var annexes embed.FS

// Shipped names the annexes that come with this program, sorted: starting points for parties to change and sign.
func Shipped() []string {
	var all []string
	entries, _ := annexes.ReadDir("annexes") // embedded: cannot fail
	for _, e := range entries {
		all = append(all, strings.TrimSuffix(e.Name(), ".json"))
	}
	return all
}

// ReadShipped reads a shipped annex as it is laid out for people.
func ReadShipped(name string) ([]byte, error) {
	b, err := annexes.ReadFile("annexes/" + name + ".json")
	if err != nil {
		return nil, jisr.Refuse(jisr.NoSuch, name, "noun", "programme")
	}
	return b, nil
}

// OfSector names the shipped annexes of a sector ([jisr.Sectors]): where programmes and their records are looked for by sector.
func OfSector(sector string) []string {
	switch sector {
	case "borders":
		return []string{"bor"}
	case "counter-terrorism", "security":
		return []string{"sec"}
	case "culture":
		return []string{"cul"}
	case "education":
		return []string{"edu"}
	case "energy":
		return []string{"ene"}
	case "environment":
		return []string{"env"}
	case "health":
		return []string{"hea"}
	case "investment":
		return []string{"inv"}
	case "refugees":
		return []string{"ref"}
	case "trade":
		return []string{"trd"}
	case "water":
		return []string{"wat"}
	case "other":
		return []string{"exp", "pea"}
	}
	return nil
}
