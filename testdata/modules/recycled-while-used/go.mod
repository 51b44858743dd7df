module example.com/recycled-while-used

go 1.22
