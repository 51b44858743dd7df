module example.com/skip-variants

go 1.22
