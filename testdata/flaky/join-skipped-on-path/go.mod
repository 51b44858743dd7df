module example.com/flaky/join-skipped-on-path

go 1.24
