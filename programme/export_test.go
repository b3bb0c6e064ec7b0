package programme

import "github.com/santhosh-tekuri/jsonschema/v6"

// Reference compiles a record type's schema with the JSON Schema library alone, to hold our own checks against.
func Reference(t *Type) (*jsonschema.Schema, error) { return compileSchema(t.Spec.Schema) }

// Tree reads a document as the JSON Schema library wants it.
func Tree(doc []byte) (any, error) { return decode(doc) }

// Direct tells whether the scanner alone checks a type.
func Direct(t *Type) bool { return t.slow == nil }

// Formula parses a formula over numbers a, b, c and gives its value for them.
func Formula(s string, abc [3]float64) (string, error) {
	f, err := parseFormula(s, names{slot: func(name string) (int, valueKind, bool) {
		return int(name[0] - 'a'), number, len(name) == 1 && name[0] >= 'a' && name[0] <= 'c'
	}})
	if err != nil {
		return "", err
	}
	return f.eval(func(slot int) value { return value{kind: number, n: abc[slot]} }).String(), nil
}
