module example.com/flaky/stop-channel-remade

go 1.24
