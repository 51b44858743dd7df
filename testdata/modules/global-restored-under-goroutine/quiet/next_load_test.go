package quiet

import "testing"

func TestNextLoad(t *testing.T) {
	load()
	reload()
}
