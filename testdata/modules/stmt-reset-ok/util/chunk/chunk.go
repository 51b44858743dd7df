// Package chunk is a batch of rows.
package chunk

// Chunk is a batch of rows.
type Chunk struct {
	rows     []int64
	capacity int
}

// New returns an empty chunk.
func New(capacity int) *Chunk {
	return &Chunk{rows: make([]int64, 0, capacity), capacity: capacity}
}

// Reset empties the chunk.
func (c *Chunk) Reset() {
	c.rows = c.rows[:0]
}

// AppendRow adds a row.
func (c *Chunk) AppendRow(row int64) {
	c.rows = append(c.rows, row)
}

// IsFull says whether the batch is complete.
func (c *Chunk) IsFull() bool {
	return len(c.rows) >= c.capacity
}

// Rows returns the rows.
func (c *Chunk) Rows() []int64 {
	return c.rows
}
