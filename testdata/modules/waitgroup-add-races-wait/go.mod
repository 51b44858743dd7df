module example.com/waitgroup-add-races-wait

go 1.25
