package racing

import "time"

// board serves players for as long as the program runs.
type board struct {
	players chan int
	scores  []int
}

func newBoard() *board {
	b := &board{players: make(chan int), scores: make([]int, 8)}
	go b.serve()
	return b
}

func (b *board) serve() {
	for {
		player := <-b.players
		go b.play(player)
	}
}

func (b *board) play(player int) {
	time.Sleep(2 * time.Millisecond)
	b.scores[player]++
}

// Close clears what players still write to.
func (b *board) Close() {
	b.scores = nil // want "close-without-join: board.scores"
}
