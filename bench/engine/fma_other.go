//go:build !amd64

package main

// multiplyAdds is empty: there is no limit to compare with.
var multiplyAdds = map[string]struct {
	loop  func(n int)
	flops float64
}{}
