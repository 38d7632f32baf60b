package main

import "testing"

func TestSize(t *testing.T) {
	for text, want := range map[string]size{
		"4GiB": 4 << 30, "512MiB": 512 << 20, "1.5GB": 1_500_000_000, "2 kib": 2048, "10B": 10, "1000": 1000, "1TiB": 1 << 40,
	} {
		var s size
		if err := s.UnmarshalText([]byte(text)); err != nil || s != want {
			t.Errorf("%s is %d, %v; want %d", text, s, err, want)
		}
	}
	for _, text := range []string{"", "GiB", "-1GiB", "0", "4 apples", "1e30GiB", "NaN"} {
		var s size
		if err := s.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q was accepted as %d bytes", text, s)
		}
	}
}

func TestFractions(t *testing.T) {
	for text, want := range map[string]int{"0.8,0.2": 2, "0.8, 0.1, 0.1": 3, "0.3,0.3": 2} {
		var f fractions
		if err := f.UnmarshalText([]byte(text)); err != nil || len(f) != want {
			t.Errorf("%s is %v, %v", text, f, err)
		}
	}
	for _, text := range []string{"", "0.5", "1,1", "0.5,0.6", "0.9,-0.1", "a,b", "0.2,0.2,0.2,0.2"} {
		var f fractions
		if err := f.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q was accepted as %v", text, f)
		}
	}
}

// TestResumeLine: what is printed can be given to a shell again.
func TestResumeLine(t *testing.T) {
	for want, args := range map[string][]string{
		`ember train mlp --data iris --resume`:                                          {"train", "mlp", "--data", "iris"},
		`ember train mlp --resume --data iris`:                                          {"train", "mlp", "--resume", "--data", "iris"},
		`ember train 'my net.yaml' --freeze 'conv2d_*' --set 'a='\''b'\''' '' --resume`: {"train", "my net.yaml", "--freeze", "conv2d_*", "--set", "a='b'", ""},
	} {
		if got := resumeLine("ember", args); got != want {
			t.Errorf("%q\ngives %s\nwant  %s", args, got, want)
		}
	}
}
