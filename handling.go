package jisr

import "slices"

// Handling says how widely what is said may be shown, whatever it is about. The member that says it sets it, and
// every member that holds it keeps to it. Levels are compared by Rank, never as words.
type Handling string

// The levels, from what anybody may read to what only the officials it names may read. Where nothing is said it is
// for official use.
const (
	HandlingPublic       Handling = "public"
	HandlingOfficial     Handling = "official"
	HandlingRestricted   Handling = "restricted"   // to those who need it
	HandlingConfidential Handling = "confidential" // to named officials
	HandlingSecret       Handling = "secret"       // to named officials, and no further
)

// Handlings lists the levels, the most open first.
func Handlings() []Handling {
	return []Handling{HandlingPublic, HandlingOfficial, HandlingRestricted, HandlingConfidential, HandlingSecret}
}

// Level is the level meant: for official use where nothing is said.
func (h Handling) Level() Handling {
	if h == "" {
		return HandlingOfficial
	}
	return h
}

// short is the level as our own acts say it: official use is not written.
func (h Handling) short() Handling {
	if h == HandlingOfficial {
		return ""
	}
	return h
}

// Rank orders the levels: 0 is public. What is no level ranks above all of them, so that nobody is shown it.
func (h Handling) Rank() int {
	if i := slices.Index(Handlings(), h.Level()); i >= 0 {
		return i
	}
	return len(Handlings())
}

// HandlingOf is the level of a rank: the last one where none has it.
func HandlingOf(rank int) Handling {
	all := Handlings()
	return all[min(rank, len(all)-1)]
}

// Named tells whether only officials that are named may read at this level, or who acted on it.
func (h Handling) Named() bool { return h.Rank() > HandlingRestricted.Rank() }

// TLP is the level's name in the Traffic Light Protocol (FIRST TLP 2.0), which programs exchange.
func (h Handling) TLP() string {
	names := []string{"CLEAR", "GREEN", "AMBER", "AMBER+STRICT", "RED"}
	if r := h.Rank(); r < len(names) {
		return names[r]
	}
	return names[len(names)-1]
}

// Check refuses what is no level. Empty is one: for official use.
func (h Handling) Check() error {
	if h.Rank() >= len(Handlings()) {
		return Refuse(NotOneOf, "handling", "got", string(h), "allowed", listed(Handlings()))
	}
	return nil
}
