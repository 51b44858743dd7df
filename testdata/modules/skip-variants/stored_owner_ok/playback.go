// Package playback keeps the decoder of the current track in a field and stops
// it however the track ends.
package playback

import (
	"errors"
	"sync"
	"time"
)

var errNoise = errors.New("noise")

type meter struct {
	frames int
}

// player plays one track after the other.
type player struct {
	meter *meter
	dec   *decoder
}

func (p *player) load(track []byte) {
	p.meter = &meter{}
	p.dec = &decoder{p: p, track: track, frames: make(chan byte, 1), quit: make(chan struct{})}
	p.dec.Start()
}

func (p *player) play() error {
	defer func() {
		p.dec.Stop()
		p.dec = nil
	}()
	for f := range p.dec.frames {
		if f == 0 {
			return errNoise
		}
	}
	return nil
}

type decoder struct {
	p      *player
	track  []byte
	frames chan byte
	quit   chan struct{}
	wg     sync.WaitGroup
}

// Start decodes in the background.
func (d *decoder) Start() {
	d.wg.Add(1)
	go d.decode()
}

func (d *decoder) decode() {
	defer d.wg.Done()
	defer close(d.frames)
	for _, f := range d.track {
		time.Sleep(2 * time.Millisecond)
		select {
		case d.frames <- f:
			d.p.meter.frames++
		case <-d.quit:
			return
		}
	}
}

// Stop ends decoding and waits for it.
func (d *decoder) Stop() {
	close(d.quit)
	d.wg.Wait()
}
