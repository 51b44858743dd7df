module example.com/flaky/captured-variable-outlives

go 1.24
