package flag

type Value interface {
	String() string
	Set(string) error
}
