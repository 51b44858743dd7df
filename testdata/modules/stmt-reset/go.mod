module example.com/stmt-reset

go 1.22
