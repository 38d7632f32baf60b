package storage_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"

	"github.com/emberml/ember/storage"
)

func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	name := storage.Join(dir, "runs", "1.txt") // or s3://bucket/runs/1.txt, where there is such an FS
	err = storage.Write(ctx, name, 0, func(w io.Writer) error {
		_, err := fmt.Fprintln(w, "loss 0.25")
		return err
	})
	if err != nil {
		log.Fatal(err)
	}
	b, err := storage.ReadFile(ctx, name)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Print(string(b))
	// Output: loss 0.25
}
