export const usage = `usage: kubectl kubepass COMMAND

  login --server URL --cluster NAME [--username U] [--group G]… [--namespace N] [--expires-in 8h]
        [--key-algorithm A] [--certificate-authority FILE] [--token-file FILE] [--token-command COMMAND]
        [--issuer NAME] [--browser | --device-code] [--kubeconfig FILE] [--context NAME] [--use]
                 signs in, gets a certificate, and adds a context to the kubeconfig
  status   [--context NAME | --all [--server URL]] [-o json]
                 shows the cached certificates
  logout   [--context NAME | --all]
                 forgets them
  revoke   [--context NAME | --all [--server URL]] [--reason R] [--comment TEXT]
                 revokes them at kubepass, and forgets them
  inspect  FILE…                                says what is wrong with certificates, keys and kubeconfigs, offline
  get-credential …                              for kubectl, which calls it by the kubeconfig

Sign-in: KUBEPASS_TOKEN, --token-file, --token-command, in a pod /var/run/secrets/kubepass/token, else the browser.
The private key is made on this machine and stays here.
`;
