module example.com/flaky/waitgroup-add-races-wait

go 1.24
