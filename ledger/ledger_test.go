package ledger_test

import (
	"fmt"
	"testing"
)

func TestAMirrorHoldsWhatTheOwnerSaid(t *testing.T) {
	a, b := pair(t)
	a.creates(house, iq)
	for round, count := range []int{1, 2, 253, 1, 300, 5} {
		for i := range count {
			a.appends(iqLog, says(fmt.Sprint(round, i), 100, 0))
		}
		r := sync(a, b, iqLog)
		if r.Size != a.size(iqLog) || len(r.Missing) > 0 || !r.Holds(r.Size-1) {
			t.Fatalf("receipt %+v", r)
		}
		CheckLedger(t, a)
		CheckLedger(t, b)
	}
}
