module example.com/flaky/recycled-while-used

go 1.24
