package quiet

import "time"

// board serves one player at a time, for as long as the program runs.
type board struct {
	players chan int
	asked   chan chan struct{}
	scores  []int
}

func newBoard() *board {
	b := &board{players: make(chan int), asked: make(chan chan struct{}), scores: make([]int, 8)}
	go b.serve()
	return b
}

func (b *board) serve() {
	for {
		select {
		case player := <-b.players:
			over := make(chan struct{})
			go b.play(player, over)
			<-over
		case cleared := <-b.asked:
			b.scores = nil
			close(cleared)
		}
	}
}

func (b *board) play(player int, over chan struct{}) {
	defer close(over)
	time.Sleep(2 * time.Millisecond)
	if len(b.scores) > 0 {
		b.scores[player]++
	}
}

// Close has the scores cleared where they are used.
func (b *board) Close() {
	cleared := make(chan struct{})
	b.asked <- cleared
	<-cleared
}
