package server

import (
	"example.com/shop/session"
	"example.com/shop/worker"
)

func Count(vars *session.Vars, statement int) (int, error) {
	reader := worker.New(vars)
	reader.Open()
	defer reader.Close()
	n, err := reader.Next(statement)
	if err != nil {
		return 0, err
	}
	return n, nil
}
