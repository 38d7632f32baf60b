package clock

import (
	"net"
	"testing"
	"time"

	_ "example.com/broken/web"
)

func TestSleep(t *testing.T) {
	time.Sleep(time.Second)
	t.Skip()
	t.Skip("with a reason")
	_ = net.Dial
}
