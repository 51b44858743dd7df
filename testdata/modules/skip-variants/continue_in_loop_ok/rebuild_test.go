package rebuild

import "testing"

func TestCorruptShard(t *testing.T) {
	ix := &index{}
	shards := []shard{{name: "one"}, {name: "two", corrupt: true}, {name: "three"}, {name: "four"}}
	if got := ix.rebuild(shards); got != 1 {
		t.Fatalf("skipped %d shards, want 1", got)
	}
}
