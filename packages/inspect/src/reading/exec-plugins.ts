import type { KubeconfigContent } from '../model/inspection.js';

type Exec = NonNullable<KubeconfigContent['users'][number]['exec']>;

interface Plugin {
  /** The subcommand. */
  readonly words: string;
  /** Those that name what a credential is for, and whose. Others lead elsewhere, trust anybody or hold secrets. */
  readonly flags: readonly string[];
}

const plugin = (words: string, ...flags: readonly string[]): Plugin => ({ words, flags });

const oidc = [
  ...['--oidc-issuer-url', '--oidc-client-id', '--oidc-extra-scope', '--oidc-use-pkce', '--oidc-pkce-method'],
  ...['--grant-type', '--username'],
];

const aws = ['--cluster-id', '--region', '--role'];

/** By command: what the tools of EKS, GKE, AKS, OpenID Connect and kubepass write. Two tools are called kubelogin. */
const plugins: ReadonlyMap<string, Plugin> = new Map([
  ['aws', plugin('eks get-token', ...aws, '--cluster-name', '--output', '--profile', '--role-arn')],
  ['aws-iam-authenticator', plugin('token', ...aws, '-i', '-r', '--session-name')],
  ['gke-gcloud-auth-plugin', plugin('', '--use_application_default_credentials')],
  [
    'kubelogin',
    plugin(
      'get-token',
      ...oidc,
      ...['--environment', '--server-id', '--client-id', '--tenant-id', '--login', '-l', '--identity-resource-id'],
    ),
  ],
  ['kubectl', plugin('oidc-login get-token', ...oidc)],
  ['kubectl-oidc_login', plugin('get-token', ...oidc)],
  [
    'kubectl-kubepass',
    plugin(
      'get-credential',
      ...['--server', '--cluster', '--username', '--group', '--namespace', '--expires-in', '--key-algorithm'],
      ...['--reason', '--login'],
    ),
  ],
]);

const withoutValue: ReadonlySet<string> = new Set(['--use_application_default_credentials', '--oidc-use-pkce']);

/** Variables that choose an account or a place, and no code, host or file. */
const harmlessVariables =
  /^(?:AWS_(?:PROFILE|REGION|DEFAULT_REGION|STS_REGIONAL_ENDPOINTS)|AZURE_(?:CLIENT|TENANT)_ID)$/;

/** Whether a command fetches a credential as a known tool writes it: by a bare name, with plain arguments alone. */
export function isKnownPlugin({ command, args, env }: Exec): boolean {
  const known = plugins.get(command.replace(/\.exe$/, ''));
  if (!known || !args.every(isPlain) || !env.every((name) => harmlessVariables.test(name))) return false;
  const words: string[] = [];
  const rest = args.values();
  for (const argument of rest) {
    const [, flag, given] = /^(-.*?)(?:=(.*))?$/.exec(argument) ?? [];
    if (flag === undefined) words.push(argument);
    else if (!known.flags.includes(flag)) return false;
    else if (!withoutValue.has(flag) && !isValue(flag, given ?? rest.next().value ?? '-')) return false;
  }
  return words.join(' ') === known.words;
}

const isPlain = (argument: string): boolean => /^[\w.,:/@=-]+$/.test(argument);

/** What goes to a server goes over TLS. */
const isValue = (flag: string, value: string): boolean =>
  flag === '--server' || flag.endsWith('-url') ? value.startsWith('https://') : !value.startsWith('-');
