module example.com/flaky/close-without-join

go 1.24
