// Command spark_rows counts the words of texts on a Spark cluster: a function of this
// program makes words of lines, and SQL counts them. Nothing is installed on the
// executors but what Spark's own Python functions need; the program ships itself.
//
//	go run ./examples/spark_rows sc://host:15002 hdfs://host/texts/*.txt
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode"

	"github.com/emberml/ember/cluster"
	"github.com/emberml/ember/frame"
)

var functions = cluster.Functions{"words": words}

func main() {
	cluster.Serve(functions) // on an executor, the program ends here
	if len(os.Args) < 3 {
		fmt.Fprintf(os.Stderr, "usage: %s sc://host:port file...\n", os.Args[0])
		os.Exit(2)
	}
	if err := count(context.Background(), os.Stdout, os.Args[1], os.Args[2:]...); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// words makes a row of every word, on the executor that has the lines.
func words(_ context.Context, p *cluster.Partition) error {
	var least int
	if err := p.Decode(&least); err != nil {
		return err
	}
	for lines, err := range p.Rows {
		if err != nil {
			return err
		}
		var all []string
		for i := range lines.Rows() {
			for word := range strings.FieldsFuncSeq(lines.ByName("value").String(i), func(r rune) bool { return !unicode.IsLetter(r) }) {
				if len(word) >= least {
					all = append(all, strings.ToLower(word))
				}
			}
		}
		found, err := frame.New(frame.Schema{{Name: "word", Type: frame.Type{Kind: frame.String}}}, frame.Strings(all))
		if err != nil {
			return err
		}
		if err := p.Write(found); err != nil {
			return err
		}
	}
	return nil
}

// count prints the most frequent words of at least four letters.
func count(ctx context.Context, w io.Writer, address string, files ...string) error {
	spark, err := cluster.Connect(ctx, cluster.Options{Cluster: address, Stderr: os.Stderr})
	if err != nil {
		return err
	}
	defer spark.Close()
	lines := spark.Read("text", nil, files...)
	found, err := spark.MapPartitions(ctx, lines, cluster.Call{Function: "words", Args: 4, DDL: "word string"})
	if err != nil {
		return err
	}
	if err := found.CreateTempView(ctx, "words", false); err != nil {
		return err
	}
	top, err := spark.SQL(ctx, "SELECT word, count(*) AS n FROM words GROUP BY word ORDER BY n DESC, word LIMIT 10")
	if err != nil {
		return err
	}
	for rows, err := range top.Stream(ctx) {
		if err != nil {
			return err
		}
		for i := range rows.Rows() {
			fmt.Fprintf(w, "%5s  %s\n", rows.ByName("n").String(i), rows.ByName("word").String(i))
		}
	}
	return nil
}
