module outlive.test/syntax

go 1.26.0
