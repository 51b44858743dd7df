module example.com/flaky/global-restored-under-goroutine

go 1.24
