package quiet

type parcel struct{ packed chan struct{} }

// packing waits for its parcels by a list; each parcel keeps its channel, too.
type packing struct {
	paper   *int
	parcels []parcel
}

func (p *packing) packAll(count int) {
	var waiting []chan struct{}
	for range count {
		packed := make(chan struct{})
		waiting = append(waiting, packed)
		p.parcels = append(p.parcels, parcel{packed: packed})
		go func() {
			defer close(packed)
			_ = *p.paper
		}()
	}
	for _, packed := range waiting {
		<-packed
	}
	p.paper = nil
}
