// Package web is described here,
package web

import "net/http"

// Handler serves. TODO: more.
type Handler struct {
	http.Handler
	Addr   string
	secret string
}
