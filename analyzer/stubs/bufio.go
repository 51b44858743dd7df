package bufio

import "io"

type SplitFunc func(data []byte, atEOF bool) (advance int, token []byte, err error)

type Scanner struct{}

func NewScanner(r io.Reader) *Scanner

func (s *Scanner) Err() error

func (s *Scanner) Bytes() []byte

func (s *Scanner) Text() string

func (s *Scanner) Scan() bool

func (s *Scanner) Buffer(buf []byte, max int)

func (s *Scanner) Split(split SplitFunc)

type Reader struct{}

func NewReader(rd io.Reader) *Reader

func NewReaderSize(rd io.Reader, size int) *Reader

func (b *Reader) Size() int

func (b *Reader) Reset(r io.Reader)

func (b *Reader) Peek(n int) ([]byte, error)

func (b *Reader) Discard(n int) (discarded int, err error)

func (b *Reader) Read(p []byte) (n int, err error)

func (b *Reader) ReadByte() (byte, error)

func (b *Reader) UnreadByte() error

func (b *Reader) ReadRune() (r rune, size int, err error)

func (b *Reader) UnreadRune() error

func (b *Reader) Buffered() int

func (b *Reader) ReadSlice(delim byte) (line []byte, err error)

func (b *Reader) ReadLine() (line []byte, isPrefix bool, err error)

func (b *Reader) ReadBytes(delim byte) ([]byte, error)

func (b *Reader) ReadString(delim byte) (string, error)

func (b *Reader) WriteTo(w io.Writer) (n int64, err error)
