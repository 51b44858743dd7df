package importer

import (
	"testing"
	"time"
)

func TestBadLine(t *testing.T) {
	j := &job{}
	if err := j.importFile([]string{"a", "", "b"}); err != errSyntax {
		t.Fatal(err)
	}
	if err := j.importFile([]string{"a", "b"}); err != nil {
		t.Fatal(err)
	}
	time.Sleep(30 * time.Millisecond)
}
