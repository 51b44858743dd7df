module example.com/flaky/join-covers-another-goroutine

go 1.24
