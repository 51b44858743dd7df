package quiet

import "testing"

func TestInALiteral(t *testing.T) {
	g := &gatherer{}
	g.gather()
	over := g.over
	g.gather()
	<-over
}
