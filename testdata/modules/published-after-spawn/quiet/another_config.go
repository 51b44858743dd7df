package quiet

// motor works with the settings that it was given.
type settings struct{ speed int }

type motor struct{ with *settings }

func newMotor(with *settings) *motor {
	m := &motor{with: with}
	go m.turn()
	return m
}

func (m *motor) turn() {
	for range 20 {
		if m.with.speed > 2 {
			return
		}
	}
}

// twoMotors puts other settings into the variable before it changes them.
func twoMotors() (*motor, *motor) {
	s := &settings{}
	first := newMotor(s)
	s = &settings{}
	s.speed = 3
	return first, newMotor(s)
}
