package tensor

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"testing"
)

// numpyCase is a case that testdata/numpy_cases.py made.
type numpyCase struct {
	Fn    string
	In    []numpyArray
	Attrs numpyAttrs
	Out   []numpyArray
	Tol   float64 // in units of the output type's epsilon
	Text  string  // for print
	File  []byte  // for npy and npz
}

type numpyArray struct {
	D    string
	S    []int
	V    []any
	View [][3]*int // start, stop, step per axis
	Perm []int
}

type numpyAttrs struct {
	Axes               *[]int
	Keep               bool
	Axis, Count, K     int
	Pads               [][2]int
	Reps, Shape        []int
	Mode, To, D        string
	Args               []float64
	Descending         bool
	Largest, Canonical bool
	Names              []string
	Table              [][3]string
	Ramp               float64
}

func (a numpyAttrs) axes() []int {
	if a.Axes == nil {
		return nil
	}
	return append([]int{}, *a.Axes...)
}

func (a numpyArray) tensor(t *testing.T) *Tensor {
	t.Helper()
	words := make([]string, len(a.V))
	for i, v := range a.V {
		words[i] = fmt.Sprint(v)
	}
	dt, err := ParseDType(a.D)
	if err != nil {
		t.Fatal(err)
	}
	x := Of(words, append(Shape{}, a.S...)...)
	if dt != String {
		if x, err = Parse(x, dt); err != nil {
			t.Fatal(err)
		}
	}
	for axis, v := range a.View {
		start, stop, step := 0, math.MaxInt, 1
		if v[2] != nil {
			step = *v[2]
		}
		if step < 0 {
			start, stop = math.MaxInt, math.MinInt
		}
		if v[0] != nil {
			start = *v[0]
		}
		x = x.Slice(axis, start, stop, step)
	}
	if a.Perm != nil {
		x = x.Transpose(a.Perm...)
	}
	return x
}

// one adapts a function of one result.
func one(f func(x []*Tensor, a numpyAttrs) *Tensor) func([]*Tensor, numpyAttrs) ([]*Tensor, error) {
	return func(x []*Tensor, a numpyAttrs) ([]*Tensor, error) { return []*Tensor{f(x, a)}, nil }
}

func orError(f func(x []*Tensor, a numpyAttrs) (*Tensor, error)) func([]*Tensor, numpyAttrs) ([]*Tensor, error) {
	return func(x []*Tensor, a numpyAttrs) ([]*Tensor, error) {
		y, err := f(x, a)
		return []*Tensor{y}, err
	}
}

func unaryFn(f func(*Tensor) *Tensor) func([]*Tensor, numpyAttrs) ([]*Tensor, error) {
	return one(func(x []*Tensor, _ numpyAttrs) *Tensor { return f(x[0]) })
}

func binaryFn(f func(a, b *Tensor) *Tensor) func([]*Tensor, numpyAttrs) ([]*Tensor, error) {
	return one(func(x []*Tensor, _ numpyAttrs) *Tensor { return f(x[0], x[1]) })
}

func reduceFn(f func(*Tensor, []int, bool) *Tensor) func([]*Tensor, numpyAttrs) ([]*Tensor, error) {
	return one(func(x []*Tensor, a numpyAttrs) *Tensor { return f(x[0], a.axes(), a.Keep) })
}

var numpyFunctions = map[string]func([]*Tensor, numpyAttrs) ([]*Tensor, error){
	"add": binaryFn(Add), "sub": binaryFn(Sub), "mul": binaryFn(Mul), "div": binaryFn(Div),
	"mod": binaryFn(Mod), "fmod": binaryFn(Fmod), "pow": binaryFn(Pow),
	"maximum": binaryFn(Maximum), "minimum": binaryFn(Minimum),
	"equal": binaryFn(Equal), "less": binaryFn(Less), "greater_equal": binaryFn(GreaterEqual),
	"not_equal": binaryFn(NotEqual), "greater": binaryFn(Greater), "less_equal": binaryFn(LessEqual),
	"and": binaryFn(And), "or": binaryFn(Or), "xor": binaryFn(Xor),

	"sqrt": unaryFn(Sqrt), "exp": unaryFn(Exp), "expm1": unaryFn(Expm1), "log": unaryFn(Log), "log1p": unaryFn(Log1p),
	"sin": unaryFn(Sin), "cos": unaryFn(Cos), "tan": unaryFn(Tan), "tanh": unaryFn(Tanh), "sinh": unaryFn(Sinh), "cosh": unaryFn(Cosh),
	"asin": unaryFn(Asin), "acos": unaryFn(Acos), "atan": unaryFn(Atan), "asinh": unaryFn(Asinh), "acosh": unaryFn(Acosh), "atanh": unaryFn(Atanh),
	"reciprocal": unaryFn(Reciprocal), "erf": unaryFn(Erf), "sigmoid": unaryFn(Sigmoid), "neg": unaryFn(Neg), "abs": unaryFn(Abs), "sign": unaryFn(Sign),
	"floor": unaryFn(Floor), "ceil": unaryFn(Ceil), "round": unaryFn(Round), "not": unaryFn(Not),

	"sum": reduceFn(Sum), "mean": reduceFn(Mean), "prod": reduceFn(Prod), "max": reduceFn(Max), "min": reduceFn(Min),
	"any": reduceFn(Any), "all": reduceFn(All), "var": reduceFn(Var),
	"argmax": one(func(x []*Tensor, a numpyAttrs) *Tensor { return ArgMax(x[0], a.Axis, false) }),
	"argmin": one(func(x []*Tensor, a numpyAttrs) *Tensor { return ArgMin(x[0], a.Axis, false) }),
	"cumsum": one(func(x []*Tensor, a numpyAttrs) *Tensor { return CumSum(x[0], a.Axis) }),

	"matmul":   binaryFn(MatMul),
	"solve":    orError(func(x []*Tensor, _ numpyAttrs) (*Tensor, error) { return Solve(x[0], x[1]) }),
	"inv":      orError(func(x []*Tensor, _ numpyAttrs) (*Tensor, error) { return Inv(x[0]) }),
	"det":      unaryFn(Det),
	"cholesky": orError(func(x []*Tensor, _ numpyAttrs) (*Tensor, error) { return Cholesky(x[0]) }),

	"concat":          one(func(x []*Tensor, a numpyAttrs) *Tensor { return Concat(a.Axis, x...) }),
	"stack":           one(func(x []*Tensor, a numpyAttrs) *Tensor { return Stack(a.Axis, x...) }),
	"gather":          orError(func(x []*Tensor, a numpyAttrs) (*Tensor, error) { return Gather(x[0], a.Axis, x[1]) }),
	"gather_elements": orError(func(x []*Tensor, a numpyAttrs) (*Tensor, error) { return GatherElements(x[0], a.Axis, x[1]) }),
	"pad": one(func(x []*Tensor, a numpyAttrs) *Tensor {
		mode := slices.Index([]string{"constant", "reflect", "edge", "wrap"}, a.Mode)
		var before, after []int
		for _, p := range a.Pads {
			before, after = append(before, p[0]), append(after, p[1])
		}
		return Pad(x[0], before, after, PadMode(mode), nil)
	}),
	"tile":    one(func(x []*Tensor, a numpyAttrs) *Tensor { return Tile(x[0], a.Reps...) }),
	"repeat":  one(func(x []*Tensor, a numpyAttrs) *Tensor { return Repeat(x[0], a.Axis, a.Count) }),
	"flip":    one(func(x []*Tensor, a numpyAttrs) *Tensor { return Flip(x[0], a.Axis) }),
	"triu":    one(func(x []*Tensor, a numpyAttrs) *Tensor { return Trilu(x[0], a.K, true) }),
	"tril":    one(func(x []*Tensor, a numpyAttrs) *Tensor { return Trilu(x[0], a.K, false) }),
	"diag":    one(func(x []*Tensor, a numpyAttrs) *Tensor { return Diag(x[0], a.K) }),
	"where":   one(func(x []*Tensor, _ numpyAttrs) *Tensor { return Where(x[0], x[1], x[2]) }),
	"reshape": one(func(x []*Tensor, a numpyAttrs) *Tensor { return x[0].Reshape(a.Shape...) }),

	"arange": one(func(_ []*Tensor, a numpyAttrs) *Tensor { return Arange(a.Args[0], a.Args[1], a.Args[2]) }),
	"arange32": one(func(_ []*Tensor, a numpyAttrs) *Tensor {
		return Arange(float32(a.Args[0]), float32(a.Args[1]), float32(a.Args[2]))
	}),
	"linspace": one(func(_ []*Tensor, a numpyAttrs) *Tensor {
		return Linspace(Float64, a.Args[0], a.Args[1], int(a.Args[2]))
	}),

	"sort":    one(func(x []*Tensor, a numpyAttrs) *Tensor { return Sort(x[0], a.Axis, a.Descending) }),
	"argsort": one(func(x []*Tensor, a numpyAttrs) *Tensor { return ArgSort(x[0], a.Axis, a.Descending) }),
	"topk": func(x []*Tensor, a numpyAttrs) ([]*Tensor, error) {
		values, indices := TopK(x[0], a.K, a.Axis, a.Largest)
		return []*Tensor{values, indices}, nil
	},
	"unique": func(x []*Tensor, _ numpyAttrs) ([]*Tensor, error) {
		d := Unique(x[0])
		return []*Tensor{d.Values, d.First, d.Inverse, d.Counts}, nil
	},
	"cast": one(func(x []*Tensor, a numpyAttrs) *Tensor {
		dt, _ := ParseDType(a.To)
		return Cast(x[0], dt)
	}),
}

// viewFunctions may return a view of an argument.
var viewFunctions = []string{"reshape", "flip", "diag", "cast"}

func TestNumPy(t *testing.T) {
	f, err := os.Open("testdata/numpy_cases.json")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	checkNumPy(t, f)
}

// checkNumPy runs all cases of a file that testdata/numpy_cases.py printed.
func checkNumPy(t *testing.T, r io.Reader) {
	d := json.NewDecoder(r)
	d.UseNumber()
	var cases []numpyCase
	if err := d.Decode(&cases); err != nil {
		t.Fatal(err)
	}
	for i, c := range cases {
		t.Run(fmt.Sprintf("%d/%s", i, c.Fn), func(t *testing.T) {
			switch c.Fn {
			case "print":
				checkPrint(t, c)
			case "npy":
				checkNPY(t, c)
			case "npz":
				checkNPZ(t, c)
			case "promote":
				checkPromote(t, c)
			default:
				checkFunction(t, c)
			}
		})
	}
}

func checkFunction(t *testing.T, c numpyCase) {
	in, before := make([]*Tensor, len(c.In)), make([]*Tensor, len(c.In))
	for i, a := range c.In {
		in[i] = a.tensor(t)
		before[i] = in[i].Clone()
	}
	f, ok := numpyFunctions[c.Fn]
	if !ok {
		t.Fatalf("no function %q", c.Fn)
	}
	out, err := f(in, c.Attrs)
	if err != nil {
		t.Fatal(err)
	}
	for i, x := range in {
		if !Same(x, before[i]) {
			t.Errorf("argument %d was changed", i)
		}
		if !slices.Contains(viewFunctions, c.Fn) && MayShareMemory(x, out[0]) {
			t.Errorf("the result shares memory with argument %d", i)
		}
	}
	for i, a := range c.Out {
		want := a.tensor(t)
		eps := map[DType]float64{Float16: 0x1p-10, Float32: 0x1p-23, Float64: 0x1p-52}[want.DType()]
		got := out[i]
		if got.DType() != want.DType() || !AllClose(got, want, c.Tol*eps, c.Tol*eps) {
			t.Errorf("of %v with %+v\nresult %d: %v\n%v\nwant %v\n%v", in, c.Attrs, i, got.DType(), got, want.DType(), want)
		}
	}
}

func checkPromote(t *testing.T, c numpyCase) {
	for _, row := range c.Attrs.Table {
		a, _ := ParseDType(row[0])
		b, _ := ParseDType(row[1])
		if got := Promote(a, b); got.String() != row[2] {
			t.Errorf("%v and %v promote to %v, want %v", a, b, got, row[2])
		}
	}
}

func checkPrint(t *testing.T, c numpyCase) {
	var x *Tensor
	if c.Attrs.Ramp > 0 {
		dt, _ := ParseDType(c.Attrs.D)
		ramp := Arange(0, float64(Shape(c.Attrs.Shape).Len()), 1)
		x = Cast(Div(ramp, Scalar(c.Attrs.Ramp)), dt).Reshape(c.Attrs.Shape...)
	} else {
		x = c.In[0].tensor(t)
	}
	if got := x.String(); got != c.Text {
		t.Errorf("%v\n%s\nwant\n%s", x.DType(), got, c.Text)
	}
}

func checkNPY(t *testing.T, c numpyCase) {
	want := c.In[0].tensor(t)
	got, err := ReadNPY(bytes.NewReader(c.File))
	if err != nil {
		t.Fatal(err)
	}
	if !Same(got, want) {
		t.Errorf("read %v, want %v", got, want)
	}
	if c.Attrs.Canonical {
		var b bytes.Buffer
		if err := WriteNPY(&b, want); err != nil || !bytes.Equal(b.Bytes(), c.File) {
			t.Errorf("wrote (%v)\n%q, want\n%q", err, b.Bytes(), c.File)
		}
	}
}

func checkNPZ(t *testing.T, c numpyCase) {
	names, tensors, err := ReadNPZ(bytes.NewReader(c.File), int64(len(c.File)))
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(names, c.Attrs.Names) {
		t.Errorf("names %v, want %v", names, c.Attrs.Names)
	}
	for i, name := range names {
		if want := c.In[i].tensor(t); !Same(tensors[name], want) {
			t.Errorf("%s: %v, want %v", name, tensors[name], want)
		}
	}
}
