module example.com/join-after-write

go 1.22
