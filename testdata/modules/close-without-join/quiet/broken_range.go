package quiet

import "time"

// shard is read by a goroutine of its own.
type shard struct {
	delay time.Duration
	rows  *int
}

func (s *shard) read() error {
	time.Sleep(s.delay)
	s.rows = new(int)
	return nil
}

func (s *shard) Close() { s.rows = nil }

// readAll goes on until all results have come.
func readAll(shards []*shard) {
	results := make(chan error, len(shards))
	for _, s := range shards {
		go func() { results <- s.read() }()
	}
	for range shards {
		<-results
	}
}

func closeShards(shards []*shard) {
	for _, s := range shards {
		s.Close()
	}
}
