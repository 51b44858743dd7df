module example.com/flaky/signal-before-last-access

go 1.24
