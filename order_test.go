package jisr_test

import (
	"slices"
	"testing"

	"jisr"
)

// An act stands after everything its writer had seen, on every node.
func TestOrderRespectsWhatWasSeen(t *testing.T) {
	for seed := range uint64(20) {
		f := randomForum(t, seed, 60)
		var all []jisr.Act
		for _, log := range f.logs {
			all = append(all, log...)
		}
		r := rng(seed)
		r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		jisr.Sort(all)
		for i := range all {
			for j := range all[:i] {
				if all[j].Saw(&all[i]) {
					t.Fatalf("seed %d: %v stands before %v, which its writer had seen", seed, all[j].Position, all[i].Position)
				}
				if all[i].Saw(&all[j]) && all[j].Saw(&all[i]) {
					t.Fatalf("seed %d: two acts saw each other", seed)
				}
			}
		}
	}
}

func TestCompareIsATotalOrder(t *testing.T) {
	f := randomForum(t, 1, 40)
	var all []jisr.Act
	for _, log := range f.logs {
		all = append(all, log...)
	}
	for i := range all {
		for j := range all {
			a, b := &all[i], &all[j]
			if jisr.Compare(a, b) != -jisr.Compare(b, a) || (jisr.Compare(a, b) == 0) != (i == j) {
				t.Fatalf("%v and %v", a.Position, b.Position)
			}
		}
	}
	jisr.Sort(all)
	if !slices.IsSortedFunc(all, func(a, b jisr.Act) int { return jisr.Compare(&a, &b) }) {
		t.Fatal("not sorted")
	}
}
