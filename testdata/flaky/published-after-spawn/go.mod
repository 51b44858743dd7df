module example.com/flaky/published-after-spawn

go 1.24
