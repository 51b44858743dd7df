package server

import (
	"example.com/shop/session"
	"example.com/shop/worker"
)

func Copy(vars *session.Vars, statement int) error {
	reader := worker.New(vars)
	reader.Open()
	if _, err := reader.Next(statement); err != nil {
		return err
	}
	reader.Close()
	return nil
}
