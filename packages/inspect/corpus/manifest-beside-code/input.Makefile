kind: build
	kind create cluster --name web
