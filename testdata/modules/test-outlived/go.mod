module example.com/test-outlived

go 1.22
