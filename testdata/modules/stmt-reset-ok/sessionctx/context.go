// Package sessionctx is what the layers below know about a session.
package sessionctx

import (
	"example.com/stmt-reset-ok/kv"
	"example.com/stmt-reset-ok/sessionctx/variable"
)

// Context is a session as seen by planners and executors.
type Context interface {
	GetSessionVars() *variable.SessionVars
	GetStore() kv.Storage
}
