module github.com/emberml/ember

go 1.26
