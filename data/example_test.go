package data_test

import (
	"context"
	"fmt"
	"log"

	"github.com/emberml/ember/data"
)

func ExampleOpen() {
	d, err := data.Open(context.Background(), "iris", data.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer d.Close()
	var b data.Batch
	if err := d.Train.Read([]int{0, 100}, &b); err != nil {
		log.Fatal(err)
	}
	fmt.Println(b.X)
	fmt.Println(b.Y, d.Train.Schema().Target.Labels)
	// Output:
	// [[5.1 3.5 1.4 0.2]
	//  [6.3 3.3 6.  2.5]]
	// [0 2] [setosa versicolor virginica]
}

func ExampleSplit() {
	d, err := data.Open(context.Background(), "digits", data.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer d.Close()
	parts, err := data.Split(d.Train, 1, 0.8, 0.2)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(parts[0].Len(), parts[1].Len())
	// Output: 1438 359
}
