export const usage = `usage: kubectl kubepass COMMAND

  login --server URL --cluster NAME [--username U] [--group G]… [--namespace N] [--expires-in 8h]
        [--reason TEXT] [--key-algorithm A] [--certificate-authority FILE]
        [--token-file FILE] [--token-command COMMAND] [--login NAME]
        [--issuer NAME] [--audience A] [--browser | --device-code] [--yes] [--kubeconfig FILE] [--context NAME] [--use]
                 signs in, gets a certificate, and adds a context to the kubeconfig
  status   [--context NAME | --all [--server URL]] [-o json]
                 shows the cached certificates
  logout   [--context NAME | --all]
                 forgets them, and the logins
  revoke   [--context NAME | --all [--server URL]] [--reason R] [--comment TEXT]
                 revokes them at kubepass, and forgets them
  inspect  FILE…                                shows what is in certificates, keys and kubeconfigs, and what is wrong
                                                with them, offline
  get-credential …                              for kubectl, which calls it by the kubeconfig

Sign-in: KUBEPASS_TOKEN, --token-file, --token-command, in a pod /var/run/secrets/kubepass/token, else the browser; where
you have logged in, and nowhere else.
The private key is made on this machine and stays here. kubectl kubepass COMMAND --help says more.
`;

const selection = `  --context NAME      the context; default: the current one
  --all               all of them
  --kubeconfig FILE   default: KUBECONFIG, else ~/.kube/config
`;
const tokenServer = `  --server URL        with --all: the kubepass that KUBEPASS_TOKEN is for; default: KUBEPASS_SERVER
`;
const identity = `  --server URL                    kubepass
  --cluster NAME                  the cluster
  --username NAME, --group NAME   the identity to ask for, --group several times; default: your own name, no groups
  --namespace NAME                the namespace of the request, and of the context
  --expires-in TIME               8h, 90m, 1d; default: as policy says
  --reason TEXT                   why, for the people and policies that decide; each later ask repeats it
  --key-algorithm A               ECDSA-P256 (default), ECDSA-P384, ECDSA-P521, Ed25519, RSA-2048, RSA-3072, RSA-4096
  --certificate-authority FILE    the CA of kubepass itself, if Node.js does not trust it
  --login NAME                    which of several logins there
`;

const usages: Readonly<Record<string, string>> = {
  login: `usage: kubectl kubepass login --server URL [--cluster NAME] [OPTION]…

Signs in, gets a certificate, and adds a context to the kubeconfig. Without --cluster: the only one.

${identity}  --token-file FILE, --token-command COMMAND   the token to sign in with
  --issuer NAME                   the identity provider to sign in at, where there are several
  --audience A                    the audience that its token must have, if that is the URL of another server
  --browser, --device-code        how to sign in there
  --yes                           says yes to the question whether the server may have the token of that provider
  --kubeconfig FILE               default: KUBECONFIG, else ~/.kube/config
  --context NAME                  the name of the context; default: USERNAME@CLUSTER
  --use                           makes it the current context
`,
  'get-credential': `usage: kubectl-kubepass get-credential --server URL --cluster NAME [OPTION]…

Answers kubectl, which calls it by the kubeconfig.

${identity}`,
  status: `usage: kubectl kubepass status [OPTION]…

Shows what is cached and until when; with a token at hand also whether it is revoked. It says which uses of a revoked
certificate go on, as far as kubepass has said so.

${selection}${tokenServer}  -o, --output json   as JSON
`,
  logout: `usage: kubectl kubepass logout [OPTION]…

Forgets certificates and keys, and the logins. --all forgets all that is in the cache, whatever the kubeconfig names.

${selection}`,
  revoke: `usage: kubectl kubepass revoke [OPTION]…

Revokes certificates at kubepass, and forgets them. It says which uses go on, and whether a token here will get a new
certificate.

${selection}${tokenServer}  --reason R          unspecified (default), keyCompromise, affiliationChanged, superseded, cessationOfOperation,
                      privilegeWithdrawn
  --comment TEXT      goes into the record
`,
};

/** How to use this command; null where there is none of this name. */
export const usageOf = (command: string): string | null =>
  Object.hasOwn(usages, command) ? (usages[command] ?? null) : null;
