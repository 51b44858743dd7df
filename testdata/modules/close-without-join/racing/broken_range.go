package racing

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

func (s *shard) Close() {
	s.rows = nil // want "close-without-join: shard.rows"
}

// readTwo breaks out of the range over its results when two have come.
func readTwo(shards []*shard) {
	results := make(chan error, len(shards))
	for _, s := range shards {
		go func() { results <- s.read() }()
	}
	read := 0
	for err := range results {
		if err != nil {
			return
		}
		if read++; read == 2 {
			break
		}
	}
}

func closeShards(shards []*shard) {
	for _, s := range shards {
		s.Close()
	}
}
