//go:build peers

package zoo_test

import (
	"testing"

	"github.com/emberml/ember/internal/peers"
)

// TestPyTorch is TestGolden with values that PyTorch computes now.
func TestPyTorch(t *testing.T) {
	compareNets(t, peers.Run(t, "testdata/golden.py"))
}

// TestTorchvision compares what torchvision's nets compute.
func TestTorchvision(t *testing.T) {
	compareNets(t, peers.Run(t, "testdata/golden.py", "torchvision"))
}

// TestTorchvisionNow is TestTorchvisionNames with the torchvision of today.
func TestTorchvisionNow(t *testing.T) {
	if got := string(peers.Run(t, "testdata/names.py")); got != torchvision {
		t.Errorf("torchvision.txt is not what names.py writes:\n%s", got)
	}
}

// TestStepLowersLossOfLargeNets is TestStepLowersLoss for nets whose first values
// take long to draw.
func TestStepLowersLossOfLargeNets(t *testing.T) {
	for _, name := range []string{"resnet34", "resnet50", "vgg11", "vgg11_bn", "vgg16", "vgg16_bn"} {
		stepLowersLoss(t, name)
	}
}
