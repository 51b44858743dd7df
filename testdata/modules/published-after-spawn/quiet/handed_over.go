package quiet

type order struct {
	total int
}

// kitchen gets its orders through a channel: what was written before the send is
// seen after the receive, however early the goroutine was started.
type kitchen struct {
	orders chan *order
	sum    chan int
}

func newKitchen() *kitchen {
	k := &kitchen{orders: make(chan *order), sum: make(chan int)}
	go k.cook()
	return k
}

func (k *kitchen) cook() {
	sum := 0
	for o := range k.orders {
		sum += o.total
	}
	k.sum <- sum
}

func (k *kitchen) serve(totals []int) int {
	for _, total := range totals {
		o := &order{}
		o.total = total
		k.orders <- o
	}
	close(k.orders)
	return <-k.sum
}
