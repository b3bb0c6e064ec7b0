package jisr_test

import (
	"go/ast"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// parsers says of every function that makes something of bytes which fuzz target of its package, or of the package named,
// sends it anything at all. Where there is none it says whose bytes these are: never those of another side.
func parsers() map[string]string {
	const (
		ours     = "written by this node itself, into files that are its own"
		operator = "the operator's own file, bounded and strict"
		shipped  = "a file that is part of the program"
		part     = "a part of what its caller's target reads"
	)
	return map[string]string{
		"Decode": "FuzzDecode", "DecodeKept": "FuzzKept", "readKept": "FuzzKept", "readNoteBody": "FuzzBody",
		"DecodeBody": "book/FuzzBody", "DecodeSigned": "FuzzSigned", "DecodeText": "FuzzDecodeText",
		"DecodeBracket": "FuzzAgreementContents", "DecodeCorrection": "FuzzAgreementContents", "DecodeReservation": "FuzzAgreementContents",
		"DecodeCommitment": "FuzzContents", "DecodeEvidence": "FuzzContents", "DecodeEdit": "FuzzContents", "DecodeMinutes": "FuzzContents", "ReadMinutes": "FuzzContents",
		"DecodeStatement": "FuzzContents", "ReadStatement": "FuzzContents", "DecodeReadout": "FuzzContents", "DecodeComment": "FuzzContents",
		"decodeBody": "FuzzContents", "decodeContent": "FuzzDecodeText",

		"api/decodeStrict": "FuzzBodies", "api/uploadMetadata": "FuzzMetadata",
		"portal/readDraft": "FuzzForm", "portal/samePath": "FuzzNext",

		"book/ParseRecordName": "FuzzCursor", "book/parseCursor": "FuzzCursor", "book/parseEnds": "FuzzCursor", "book/parseFound": "FuzzCursor", "book/parseMark": part + ": base64 of JSON, bounded",
		"book/readBody": "FuzzBody", "book/readSignature": "FuzzBody", "book/readDraft": ours, "book/readHead": ours, "book/readOwners": ours, "book/readSecret": ours,

		"ledger/ReadBundle": "FuzzBundle", "ledger/ScanDump": "node/FuzzBackup", "ledger/readRow": "node/FuzzBackup", "ledger/readField": "node/FuzzBackup",
		"ledger/parseCheckpoint": "FuzzProofFile", "ledger/parseProofFile": "FuzzProofFile", "ledger/parseVKeys": "FuzzVKeys",
		"ledger/parseReceipt": "FuzzReceipt", "ledger/parseMissing": "FuzzMissing", "ledger/parseRange": "FuzzMissing", "ledger/parseTile": "FuzzTilePath",
		"ledger/parseKeys": ours, "ledger/parseVault": ours, "ledger/readPrivate": ours,
		"link/ParseLetter": "FuzzParseLetter", "link/parseBody": "FuzzParseLetter", "link/readMessage": "FuzzReadMessage",

		"node/ReadAnswer": "FuzzAnswer", "node/decodePrevious": "./FuzzKept", "node/parsePolicies": "FuzzPolicies", "node/readBackup": "FuzzBackup", "node/ReadAtRest": ours, "node/ReadPicture": "FuzzPicture", "node/nodetest/readLetter": ours,

		"paper/ImportDOCX": "FuzzImportDOCX", "paper/ImportText": "FuzzImportText", "paper/readArticle": "FuzzImportText", "paper/readItem": "FuzzImportText",
		"paper/readNumber": "FuzzImportText", "paper/ReadHeads": operator,
		"mail/ReadReport":  "FuzzReadReport",
		"programme/Decode": "FuzzCompile", "programme/Split": "FuzzSplit", "programme/Parse": "FuzzCompile", "programme/decode": "FuzzCanonical", "programme/parseFormula": "FuzzFormula",
		"programme/parseDuration": "FuzzCompile", "programme/parseNumber": "FuzzCheck", "programme/readSheet": "FuzzImport",
		"programme/ReadShared": shipped, "programme/ReadShipped": shipped, "programme/DecodeTally": ours,

		"words/parse": shipped, "words/parseOverride": "FuzzOverride",
		"cmd/jisr/parseConfig": "FuzzConfig", "cmd/jisr/readConfig": "FuzzConfig", "cmd/jisr/readAnnex": "programme/FuzzCompile", "cmd/jisr/readLetters": "link/FuzzParseLetter",
		"cmd/jisr/readPolicies": "node/FuzzPolicies", "cmd/jisr/readBounded": "reads bytes and makes nothing of them",
	}
}

// parsing are the names of functions that make something of bytes.
var parsing = regexp.MustCompile(`^(Decode|decode|Parse|parse|Read|read|Import|import|Scan|scan)([A-Z]|$)`)

// TestParsersAreFuzzed holds every parser to its fuzz target.
func TestParsersAreFuzzed(t *testing.T) {
	all, there := parsers(), map[string]bool{}
	for _, s := range code(t) {
		for _, d := range s.file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Recv != nil {
				continue
			}
			name := path.Join(path.Dir(s.name), f.Name.Name)
			there[name] = true
			if _, known := all[name]; !known && parsing.MatchString(f.Name.Name) && takesBytes(f) {
				t.Errorf("%s makes something of bytes: say in parsers (parsers_test.go) which fuzz target reads it", name)
			}
		}
	}
	for name, target := range all {
		switch {
		case !there[name]:
			t.Errorf("there is no %s any more: parsers (parsers_test.go) still has it", name)
		case strings.HasPrefix(path.Base(target), "Fuzz"):
			hasTarget(t, name, target)
		}
	}
}

// takesBytes tells whether a function takes bytes or a stream, or a text first.
func takesBytes(f *ast.FuncDecl) bool {
	for i, p := range f.Type.Params.List {
		switch e := p.Type.(type) {
		case *ast.ArrayType:
			if id, ok := e.Elt.(*ast.Ident); ok && id.Name == "byte" {
				return true
			}
		case *ast.Ident:
			if i == 0 && e.Name == "string" {
				return true
			}
		case *ast.SelectorExpr:
			if slices.Contains([]string{"Reader", "RawMessage", "Values"}, e.Sel.Name) {
				return true
			}
		case *ast.StarExpr:
			if sel, ok := e.X.(*ast.SelectorExpr); ok && sel.Sel.Name == "Reader" {
				return true
			}
		}
	}
	return false
}

// hasTarget looks for a fuzz target in the tests of a package.
func hasTarget(t *testing.T, name, target string) {
	t.Helper()
	dir := path.Dir(name)
	if strings.Contains(target, "/") {
		dir = path.Dir(target)
	}
	tests, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range tests {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "func "+path.Base(target)+"(f *testing.F)") {
			return
		}
	}
	t.Errorf("%s: there is no %s in %s", name, path.Base(target), dir)
}
