package storage

import (
	"context"
	"sync"
)

// clientCache keeps the connection to each server, by what it was opened with.
// Its zero value is ready for use.
type clientCache[K comparable, C comparable] struct {
	mu      sync.Mutex
	clients map[K]*cachedClient[C]
}

type cachedClient[C comparable] struct {
	ready  chan struct{} // closed when the others are set
	client C
	err    error
}

// get returns the client of a key, which open makes if there is none. Of several
// callers one opens and the others wait for it. A failure is not kept.
func (c *clientCache[K, C]) get(ctx context.Context, key K, open func() (C, error)) (C, error) {
	c.mu.Lock()
	entry, ok := c.clients[key]
	if !ok {
		if c.clients == nil {
			c.clients = map[K]*cachedClient[C]{}
		}
		entry = &cachedClient[C]{ready: make(chan struct{})}
		c.clients[key] = entry
		go func() {
			entry.client, entry.err = open()
			if entry.err != nil {
				c.remove(key, entry)
			}
			close(entry.ready)
		}()
	}
	c.mu.Unlock()
	select {
	case <-entry.ready:
		return entry.client, entry.err
	case <-ctx.Done():
		var none C
		return none, context.Cause(ctx)
	}
}

func (c *clientCache[K, C]) remove(key K, entry *cachedClient[C]) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.clients[key] == entry {
		delete(c.clients, key)
	}
}

// drop forgets a client whose connection is broken; ok is false if that was done
// already.
func (c *clientCache[K, C]) drop(key K, client C) (ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	entry := c.clients[key]
	if entry == nil {
		return false
	}
	select {
	case <-entry.ready:
	default:
		return false // a newer one is being opened
	}
	if entry.client != client {
		return false
	}
	delete(c.clients, key)
	return true
}
