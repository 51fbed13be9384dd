const kind = `
kind: Pod
	users: 1`

var begin = "-----BEGIN CERTIFICATE-----"
