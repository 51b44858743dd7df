module example.com/timer-callback-outlives

go 1.22
