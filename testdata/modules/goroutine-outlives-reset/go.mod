module example.com/goroutine-outlives-reset

go 1.22
