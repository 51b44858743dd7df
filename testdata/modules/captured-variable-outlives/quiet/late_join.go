package quiet

func detach() (int, error) { return 1, nil }
func connect() error       { return nil }
