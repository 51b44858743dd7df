module example.com/join-covers-another-goroutine

go 1.22
