module example.com/captured-variable-outlives

go 1.22
