package kernel

import (
	"strings"
	"testing"
)

func TestChoose(t *testing.T) {
	fastest := Variants()[len(Variants())-1].Name
	if v, err := choose(""); err != nil || v.Load().Name != fastest {
		t.Errorf("chose %s by default (error %v), want %s", v.Load().Name, err, fastest)
	}
	if v, err := choose("go"); err != nil || v.Load().Name != "go" {
		t.Errorf("chose %s for go (error %v)", v.Load().Name, err)
	}
	v, err := choose("sse")
	if err == nil || !strings.Contains(err.Error(), "EMBER_KERNEL=sse") || !strings.Contains(err.Error(), "have go") {
		t.Errorf("error %v does not name the variable and the variants", err)
	}
	if v.Load().Name != fastest {
		t.Errorf("an unknown variant leaves %s in use, want %s", v.Load().Name, fastest)
	}
	for i := range variants {
		if variants[i].available {
			continue
		}
		if _, err := choose(variants[i].Name); err == nil || !strings.Contains(err.Error(), "cannot run") {
			t.Errorf("choosing %s gives error %v", variants[i].Name, err)
		}
	}
}

func TestUse(t *testing.T) {
	before, _ := Selected()
	restore := Use(plain)
	if v, _ := Selected(); v.Name != "go" {
		t.Errorf("%s is in use, want go", v.Name)
	}
	restore()
	if v, _ := Selected(); v.Name != before.Name {
		t.Errorf("%s is in use after restore, want %s", v.Name, before.Name)
	}
}

// TestTileBounds keeps the constants for scratch memory above every tile.
func TestTileBounds(t *testing.T) {
	check := func(name string, rows, cols, blockRows, blockCols int) {
		if rows > maxTileRows || cols > maxTileCols || blockRows > maxBlockRows || blockCols > maxBlockCols {
			t.Errorf("%s: a tile of %d×%d in blocks of %d×%d exceeds the maxima", name, rows, cols, blockRows, blockCols)
		}
		if blockRows%rows != 0 || blockCols%cols != 0 || convPositions%cols != 0 {
			t.Errorf("%s: blocks are not whole tiles of %d×%d", name, rows, cols)
		}
	}
	for _, v := range variants {
		check(v.Name, v.loops32.rows, v.loops32.cols, v.loops32.blockRows, v.loops32.blockCols)
		check(v.Name+" float64", v.loops64.rows, v.loops64.cols, v.loops64.blockRows, v.loops64.blockCols)
	}
}
