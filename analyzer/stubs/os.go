package os

type Signal interface {
	String() string
	Signal()
}
