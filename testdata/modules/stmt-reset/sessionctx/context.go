// Package sessionctx is what the layers below know about a session.
package sessionctx

import (
	"example.com/stmt-reset/kv"
	"example.com/stmt-reset/sessionctx/variable"
)

// Context is a session as seen by planners and executors.
type Context interface {
	GetSessionVars() *variable.SessionVars
	GetStore() kv.Storage
}
