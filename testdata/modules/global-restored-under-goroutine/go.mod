module example.com/global-restored-under-goroutine

go 1.22
