module example.com/flaky/join-after-write

go 1.24
