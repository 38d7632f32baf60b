//go:build unix

package interrupt_test

import (
	"context"
	"os"
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
