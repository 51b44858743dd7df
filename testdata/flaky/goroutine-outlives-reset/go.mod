module example.com/flaky/goroutine-outlives-reset

go 1.24
