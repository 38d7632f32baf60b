//go:build unix

package interrupt_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"

	"github.com/emberml/ember/internal/interrupt"
)

func TestSignals(t *testing.T) {
	for s, want := range map[os.Signal]struct {
		code int
		text string
	}{syscall.SIGINT: {130, "interrupted by SIGINT"}, syscall.SIGTERM: {143, "interrupted by SIGTERM"}} {
		ctx, stop := interrupt.Context()
		if code := interrupt.Code(ctx); code != 0 {
			t.Errorf("exit code %d before any signal", code)
		}
		self, err := os.FindProcess(os.Getpid())
		if err != nil {
			t.Fatal(err)
		}
		if err := self.Signal(s); err != nil {
			t.Fatal(err)
		}
		<-ctx.Done()
		if code, cause := interrupt.Code(ctx), context.Cause(ctx); code != want.code || cause.Error() != want.text {
			t.Errorf("%v: exit code %d, %v", s, code, cause)
		}
		stop()
	}
	ctx, stop := interrupt.Context()
	stop()
	if code := interrupt.Code(ctx); ctx.Err() == nil || code != 0 {
		t.Errorf("exit code %d of a context that was stopped, %v", code, ctx.Err())
	}
}

// childEnv has a process of this test do what [child] does.
const childEnv = "EMBER_INTERRUPT_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(childEnv) == "" {
		os.Exit(m.Run())
	}
	child(os.Getenv(childEnv))
}

// child says how far signals have brought it. It goes on after the first, as one does
// that has a checkpoint to write, and ends after a second by itself only if it holds.
func child(how string) {
	ctx, stop := interrupt.Context()
	defer stop()
	var hurry <-chan struct{}
	if how != "free" {
		hurry, _ = interrupt.Hold(ctx)
	}
	fmt.Println("ready")
	<-ctx.Done()
	fmt.Println("stopping")
	<-hurry
	fmt.Println("hurrying")
	if how == "stuck" {
		<-make(chan struct{})
	}
	os.Exit(7)
}

func TestSecondSignal(t *testing.T) {
	for how, test := range map[string]struct {
		lines []string // after each of which a signal is sent
		code  int
	}{
		"free":  {[]string{"ready", "stopping"}, 130},
		"quick": {[]string{"ready", "stopping", "hurrying"}, 7},
		"stuck": {[]string{"ready", "stopping", "hurrying"}, 130},
	} {
		cmd := exec.CommandContext(t.Context(), os.Args[0])
		cmd.Env = append(os.Environ(), childEnv+"="+how)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for _, want := range test.lines {
			if !lines.Scan() || lines.Text() != want {
				t.Errorf("%s: it says %q, want %q", how, lines.Text(), want)
			}
			if how == "quick" && want == "hurrying" {
				break // it ends by itself
			}
			if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
				t.Error(err)
			}
		}
		err = cmd.Wait()
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != test.code {
			t.Errorf("%s: %v, want exit code %d", how, err, test.code)
		}
	}
}

func TestHoldOfAnotherContext(t *testing.T) {
	hurry, release := interrupt.Hold(t.Context())
	release()
	if hurry != nil {
		t.Error("somebody could have it hurry")
	}
}
