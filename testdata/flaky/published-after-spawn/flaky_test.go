package flaky

import (
	"testing"
	"time"
)

func TestCampaign(t *testing.T) {
	newCampaign(func() {})
	time.Sleep(20 * time.Millisecond)
}
