package quiet

// order has a method that sets all of it, as generated code does, and that nobody calls.
type order struct{ parts *int }

func (o *order) Reset() { *o = order{} }

func place(done chan<- bool) {
	o := &order{parts: new(int)}
	go func() {
		*o.parts++
		done <- true
	}()
}
