package http

import (
	"bufio"
	"net"
	http "net/http"
	"net/url"
)

type Handler interface {
	ServeHTTP(ResponseWriter, *http.Request)
}

type HandlerFunc func(ResponseWriter, *http.Request)

func (f HandlerFunc) ServeHTTP(w ResponseWriter, r *http.Request)

type ResponseWriter interface {
	Header() http.Header
	Write([]byte) (int, error)
	WriteHeader(statusCode int)
}

type Flusher interface{ Flush() }

type Hijacker interface {
	Hijack() (net.Conn, *bufio.ReadWriter, error)
}

type Pusher interface {
	Push(target string, opts *http.PushOptions) error
}

type RoundTripper interface {
	RoundTrip(*http.Request) (*http.Response, error)
}

type CookieJar interface {
	SetCookies(u *url.URL, cookies []*http.Cookie)
	Cookies(u *url.URL) []*http.Cookie
}
