module example.com/flaky/timer-callback-outlives

go 1.24
