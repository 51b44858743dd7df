module example.com/join-skipped-on-path

go 1.22
