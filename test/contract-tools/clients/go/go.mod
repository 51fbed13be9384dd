module kubepass.example/use-go-client

go 1.23

require kubepass.example/client v0.0.0

replace kubepass.example/client => ../../generated/go
