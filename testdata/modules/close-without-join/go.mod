module example.com/close-without-join

go 1.22
