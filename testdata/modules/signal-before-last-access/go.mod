module example.com/signal-before-last-access

go 1.22
