package sparktest

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// Network is hosts of their own on this machine: namespaces of the network, each with one address beside its loopback, on one
// wire.
type Network struct {
	prefix string // of the namespaces' names
}

// subnet is of RFC 2544, for tests of networks.
const subnet = "198.18.0."

// NewNetwork makes a network of so many hosts, which ends with the test. Without root the test is skipped.
func NewNetwork(t testing.TB, hosts int) *Network {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("hosts of their own need root: run it by sudo")
	}
	n := &Network{prefix: fmt.Sprintf("ember-%d-", os.Getpid())}
	wire := n.prefix + "wire" // the bridge has a namespace of its own, too
	n.add(t, wire)
	run(t, "-n", wire, "link", "add", "bridge", "up", "type", "bridge")
	for i := range hosts {
		host, port := n.Namespace(i), fmt.Sprintf("port%d", i)
		n.add(t, host)
		run(t, "-n", wire, "link", "add", port, "up", "master", "bridge", "type", "veth", "peer", "name", "eth0", "netns", host)
		run(t, "-n", host, "addr", "add", n.Address(i)+"/24", "dev", "eth0")
		run(t, "-n", host, "link", "set", "eth0", "up")
		run(t, "-n", host, "link", "set", "lo", "up")
	}
	return n
}

// add makes a namespace.
func (n *Network) add(t testing.TB, name string) {
	t.Helper()
	run(t, "netns", "add", name)
	t.Cleanup(func() { run(t, "netns", "del", name) })
}

// run runs the command ip.
func run(t testing.TB, args ...string) {
	t.Helper()
	if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
		t.Fatalf("ip %s: %v: %s", strings.Join(args, " "), err, out)
	}
}

// Namespace is the name of a host, counted from 0, as the command ip knows it.
func (n *Network) Namespace(host int) string { return fmt.Sprintf("%shost%d", n.prefix, host) }

// Address is that of a host.
func (n *Network) Address(host int) string { return fmt.Sprintf("%s%d", subnet, 1+host) }

// address is that of a host of the cluster; all of them are this one where it has no network.
func (o Options) address(host int) string {
	if o.Network == nil {
		return "127.0.0.1"
	}
	return o.Network.Address(host)
}

// command is that of a program on a host of the cluster.
func (o Options) command(host int, program string, args ...string) *exec.Cmd {
	if o.Network == nil {
		return exec.Command(program, args...)
	}
	return exec.Command("ip", append([]string{"netns", "exec", o.Network.Namespace(host), program}, args...)...)
}
