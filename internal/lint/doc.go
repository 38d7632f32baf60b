// Package lint holds the rules of this repository that the compiler, vet and staticcheck do not know, and checks them in its
// own test, so that plain go test ./... enforces them.
//
// The policy is text: order.txt says which package may import which, imports.txt who may import or call what is dangerous or
// heavy, and why. The other rules are the table that [Policy.Rules] returns; each is one function over a [Tree], which is the
// repository's files parsed and not type-checked, so that all rules together take about a second.
//
// [API] lists the module's exported API; package apigen writes it to api/ember.txt.
package lint
