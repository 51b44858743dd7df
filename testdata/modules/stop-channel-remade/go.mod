module example.com/stop-channel-remade

go 1.22
