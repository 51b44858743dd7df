module example.com/captured-variable-outlives-go121

go 1.21
