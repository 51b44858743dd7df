package server

import "example.com/shop/session"

func Serve(vars *session.Vars, statements []int) error {
	for _, statement := range statements {
		session.Reset(vars)
		if err := Copy(vars, statement); err != nil {
			return err
		}
		if _, err := Count(vars, statement); err != nil {
			return err
		}
	}
	return nil
}
