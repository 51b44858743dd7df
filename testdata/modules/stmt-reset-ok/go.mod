module example.com/stmt-reset-ok

go 1.22
