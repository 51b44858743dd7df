module example.com/published-after-spawn

go 1.22
