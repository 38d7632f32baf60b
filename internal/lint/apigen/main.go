// Apigen writes the module's exported API to api/ember.txt, from the module's root. It is run by make generate.
package main

import (
	"log"
	"os"

	"github.com/emberml/ember/internal/lint"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("apigen: ")
	files, err := lint.Walk(".")
	if err != nil {
		log.Fatal(err)
	}
	tree, err := lint.Load(".", files)
	if err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile("api/ember.txt", []byte(lint.API(tree)), 0o644); err != nil {
		log.Fatal(err)
	}
}
