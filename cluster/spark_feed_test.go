package cluster

import (
	"strings"
	"testing"

	"github.com/emberml/ember/data"
)

// TestMurmur3 compares with Spark 4.3.0: SELECT hash(7), hash(8), hash(-5), hash(123456789).
func TestMurmur3(t *testing.T) {
	for x, want := range map[int32]int32{7: 1079293707, 8: -132918897, -5: 1369497261, 123456789: -598405280} {
		if got := int32(murmur3(uint32(x), 42)); got != want {
			t.Errorf("hash(%d) is %d, want %d", x, got, want)
		}
	}
}

func TestPartitionKeys(t *testing.T) {
	for n := range 70 {
		for r, key := range partitionKeys(n) {
			if p := ((int(int32(murmur3(uint32(key), 42))) % n) + n) % n; p != r {
				t.Errorf("of %d partitions, the key %d gets into %d, want %d", n, key, p, r)
			}
		}
	}
}

func TestCheckColumns(t *testing.T) {
	if err := checkColumns("t", []string{"label", "__ember", "ember_row"}); err != nil {
		t.Error(err)
	}
	for _, name := range []string{data.RowColumn, data.ShardColumn, data.PartColumn, "__EMBER_Row"} {
		err := checkColumns("the_table", []string{"label", name})
		if err == nil || !strings.Contains(err.Error(), "the column "+name+" of the_table") || !strings.Contains(err.Error(), name+" AS") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
