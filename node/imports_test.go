package node

import (
	"encoding/json"
	"testing"
)

func TestAnImportLetsWhatOfficialsDoGoFirst(t *testing.T) {
	n := &Node{jobs: make(chan *job, 8), imports: make(chan *job, 8), closing: make(chan struct{})}
	some := json.RawMessage(`"` + string(make([]byte, heavyBytes)) + `"`)
	step, few, note := &job{cmd: SendRecords{Records: []json.RawMessage{some}}}, &job{cmd: SendRecords{Records: []json.RawMessage{[]byte(`{}`)}}}, &job{cmd: SendNote{}}
	if !step.heavy() || few.heavy() || note.heavy() {
		t.Fatal("what is an import is not told by its size")
	}
	n.imports <- step
	n.imports <- step
	n.jobs <- few
	n.jobs <- note
	if jobs, _ := n.nextJobs(nil); len(jobs) != 2 || jobs[0] != few || jobs[1] != note {
		t.Errorf("first: %d commands", len(jobs))
	}
	if jobs, _ := n.nextJobs(nil); len(jobs) != 1 || jobs[0] != step {
		t.Errorf("then a step of the import, alone: %d commands", len(jobs))
	}
	close(n.closing)
	if _, open := n.nextJobs(nil); !open {
		t.Error("what waited when the node stopped is left")
	}
	if _, open := n.nextJobs(nil); open {
		t.Error("it waits for more after the node stopped")
	}
}
