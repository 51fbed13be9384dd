import type { Place } from '../formats/json/place.js';
import { counted } from '../formats/text/duration-in-words.js';
import { quote } from '../formats/text/quote.js';
import { FieldReader, type FieldProblem } from '../formats/yaml/field-reader.js';
import type { CredentialSource, KubeconfigContent } from '../model/inspection.js';
import type { Report } from '../model/decoded.js';
import { type DocumentSource, OpenDocument, placeholders } from './document.js';
import { isKnownPlugin } from './exec-plugins.js';
import { shortened } from './paths.js';
import type { Reading } from './reading.js';

/** Data takes precedence over a file. */
interface DataOrFile {
  /** Base64. */
  readonly data: string | null;
  readonly file: string | null;
}

type Cluster = Omit<KubeconfigContent['clusters'][number], 'certificateAuthority'> & {
  readonly certificateAuthority: DataOrFile;
};

type User = Pick<KubeconfigContent['users'][number], 'name' | 'tokenFile' | 'exec' | 'authProvider'> & {
  readonly clientCertificate: DataOrFile;
  readonly clientKey: DataOrFile;
  /** `omitted`: `kubectl config view` replaced it with a placeholder. */
  readonly token: 'given' | 'omitted' | null;
  /** Whether it has a username or password. */
  readonly basic: boolean;
  /** `extra`: the names of the extra fields. */
  readonly impersonates: {
    readonly username: string | null;
    readonly uid: string | null;
    readonly groups: readonly string[];
    readonly extra: readonly string[];
  } | null;
};

/** A kubeconfig (v1 `Config`) as kubectl reads it, without the secrets in it. Lists keep the order of the document. */
interface Kubeconfig extends Pick<KubeconfigContent, 'currentContext' | 'contexts'> {
  readonly clusters: readonly Cluster[];
  readonly users: readonly User[];
}

/** Reads a kubeconfig and the certificates and keys in it. */
export function readKubeconfigDocument(source: DocumentSource, reading: Reading): readonly string[] {
  const { kubeconfig: given, problems } = readKubeconfig(source.content);
  const document = new OpenDocument(source, reading);
  document.reportProblems(problems);
  // Before the checks, so that no message has a secret either.
  const kubeconfig = shownKubeconfig(given, document);
  checkKubeconfig(kubeconfig, document.report);
  return document.fill(contentOf(kubeconfig, document));
}

function shownKubeconfig(
  { currentContext, contexts, clusters, users }: Kubeconfig,
  document: OpenDocument,
): Kubeconfig {
  const entries = <T extends { readonly name: string }>(what: 'cluster' | 'user' | 'context', given: readonly T[]) =>
    given.map((entry, i) => document.shown(entry, (shown) => called(what, shown, i)));
  return {
    currentContext: document.shown(currentContext, () => 'The current-context'),
    contexts: entries('context', contexts),
    clusters: entries('cluster', clusters),
    users: entries('user', users),
  };
}

function contentOf(
  { currentContext, contexts, clusters, users }: Kubeconfig,
  document: OpenDocument,
): KubeconfigContent {
  const credential = ({ data, file }: DataOrFile, ...entry: Place): CredentialSource => {
    if (data === null) return file === null ? { from: 'nothing' } : { from: 'file', file: shortened(file) };
    const [object = null] = document.readBase64(data, entry, 'credential');
    return { from: 'data', object };
  };
  return {
    type: 'Kubeconfig',
    currentContext,
    contexts,
    clusters: clusters.map(({ certificateAuthority: authority, ...cluster }, i) => ({
      ...cluster,
      certificateAuthority: credential(authority, 'clusters', i, 'cluster', 'certificate-authority-data'),
    })),
    users: users.map((user, i) => ({
      name: user.name,
      authentication: methodsOf(user),
      clientCertificate: credential(user.clientCertificate, 'users', i, 'user', 'client-certificate-data'),
      clientKey: credential(user.clientKey, 'users', i, 'user', 'client-key-data'),
      tokenFile: user.tokenFile === null ? null : shortened(user.tokenFile),
      exec: user.exec && {
        command: shortened(user.exec.command),
        args: user.exec.args.map(shortened),
        env: user.exec.env.map(shortened),
      },
      authProvider: user.authProvider,
      impersonates: impersonated(user),
    })),
  };
}

/**
 * Reads a document as a kubeconfig. Nothing in it is executed, followed or fetched. A field of the wrong type is left
 * out and becomes a problem. Unknown fields are ignored, as in kubectl; empty strings are nothing, as in Go.
 */
export function readKubeconfig(document: unknown): {
  readonly kubeconfig: Kubeconfig;
  readonly problems: readonly FieldProblem[];
} {
  const problems: FieldProblem[] = [];
  const config = FieldReader.of(document, [], problems);
  const kubeconfig: Kubeconfig = {
    currentContext: config.text('current-context'),
    contexts: named(config, 'contexts', 'context', readContext),
    clusters: named(config, 'clusters', 'cluster', readCluster),
    users: named(config, 'users', 'user', readUser),
  };
  return { kubeconfig, problems };
}

/** The entries of `[{name, <member>: {…}}]`. */
function named<T>(
  config: FieldReader,
  list: string,
  member: string,
  read: (fields: FieldReader, name: string) => T,
): readonly T[] {
  return config.list(list).map((entry) => {
    const name = entry.text('name');
    if (name === null) entry.missing('name');
    return read(entry.object(member), name ?? '');
  });
}

function readContext(fields: FieldReader, name: string): KubeconfigContent['contexts'][number] {
  const context = {
    name,
    cluster: fields.text('cluster'),
    user: fields.text('user'),
    namespace: fields.text('namespace'),
  };
  if (context.cluster === null) fields.missing('cluster');
  if (context.user === null) fields.missing('user');
  return context;
}

function readCluster(fields: FieldReader, name: string): Cluster {
  return {
    name,
    server: fields.text('server'),
    tlsServerName: fields.text('tls-server-name'),
    insecureSkipTlsVerify: fields.flag('insecure-skip-tls-verify'),
    proxyUrl: fields.text('proxy-url'),
    certificateAuthority: dataOrFile(fields, 'certificate-authority'),
  };
}

function readUser(fields: FieldReader, name: string): User {
  const clientCertificate = dataOrFile(fields, 'client-certificate');
  const clientKey = dataOrFile(fields, 'client-key');
  if (isGiven(clientCertificate) && !isGiven(clientKey)) fields.missing('client-key-data');
  if (isGiven(clientKey) && !isGiven(clientCertificate)) fields.missing('client-certificate-data');
  const token = fields.text('token');
  const username = fields.text('username');
  const password = fields.text('password');
  return {
    name,
    clientCertificate,
    clientKey,
    token: token === null ? null : placeholders.has(token) ? 'omitted' : 'given',
    tokenFile: fields.text('tokenFile'),
    basic: username !== null || password !== null,
    exec: fields.has('exec') ? readExec(fields.object('exec')) : null,
    authProvider: fields.has('auth-provider') ? readAuthProvider(fields.object('auth-provider')) : null,
    impersonates: readImpersonated(fields),
  };
}

function readExec(fields: FieldReader): NonNullable<User['exec']> {
  const command = fields.text('command');
  if (command === null) fields.missing('command');
  if (fields.text('apiVersion') === null) fields.missing('apiVersion');
  return {
    command: command ?? '',
    args: fields.texts('args'),
    env: fields.list('env').map((variable) => variable.text('name') ?? ''),
  };
}

function readAuthProvider(fields: FieldReader): string {
  const name = fields.text('name');
  if (name === null) fields.missing('name');
  return name ?? '';
}

function readImpersonated(fields: FieldReader): User['impersonates'] {
  const impersonated = {
    username: fields.text('as'),
    uid: fields.text('as-uid'),
    groups: fields.texts('as-groups'),
    extra: fields.has('as-user-extra') ? fields.object('as-user-extra').names() : [],
  };
  const { username, uid, groups, extra } = impersonated;
  if (username === null && uid === null && groups.length === 0 && extra.length === 0) return null;
  if (username === null) fields.missing('as');
  return impersonated;
}

const dataOrFile = (fields: FieldReader, name: string): DataOrFile => ({
  data: fields.text(`${name}-data`),
  file: fields.text(name),
});

/** Whether there is data or a file. */
const isGiven = ({ data, file }: DataOrFile): boolean => data !== null || file !== null;

function methodsOf(user: User): KubeconfigContent['users'][number]['authentication'] {
  const { clientCertificate, token, tokenFile, exec, authProvider, basic } = user;
  return [
    ...(isGiven(clientCertificate) ? (['clientCertificate'] as const) : []),
    ...(token !== null || tokenFile !== null ? (['token'] as const) : []),
    ...(exec === null ? [] : (['exec'] as const)),
    ...(authProvider === null ? [] : (['authProvider'] as const)),
    ...(basic ? (['basic'] as const) : []),
  ];
}

function impersonated({ impersonates }: User): string | null {
  if (impersonates === null) return null;
  const { username, uid, groups, extra } = impersonates;
  return shortened(
    [
      username ?? 'nobody named',
      ...(uid === null ? [] : [`uid ${uid}`]),
      ...(groups.length === 0 ? [] : [`groups ${groups.join(', ')}`]),
      ...(extra.length === 0 ? [] : [`extra ${extra.join(', ')}`]),
    ].join('; '),
  );
}

/** Reports problems of a kubeconfig that the document alone shows. Quotes no secret. */
function checkKubeconfig(kubeconfig: Kubeconfig, report: Report): void {
  const homes = new Set(kubeconfig.users.map((user) => homeOf(user.clientCertificate.file ?? user.tokenFile ?? '')));
  for (const [i, cluster] of kubeconfig.clusters.entries())
    checkCluster(cluster, called('cluster', cluster, i), homes, report);
  for (const [i, user] of kubeconfig.users.entries()) checkUser(user, called('user', user, i), homes, report);
  checkNames(kubeconfig, report);
}

/** Where kubelets, k3s, RKE2, minikube and pods keep credentials of their own. */
const home =
  /^(?:\/var\/lib\/(?:kubelet\/pki|rancher\/(?:k3s|rke2)\/(?:agent|server))|\/var\/run\/secrets\/kubernetes\.io\/serviceaccount|[^]*[/\\]\.minikube)[/\\]/;

type Homes = ReadonlySet<string | undefined>;

const homeOf = (file: string): string | undefined => (file.includes('..') ? undefined : home.exec(file)?.[0]);

/** A kubeconfig with a credential from such a folder stays beside it. A CA alone from there says nothing of that. */
function reportFile(file: string, what: string, homes: Homes, report: Report): void {
  const folder = homeOf(file);
  const code = folder !== undefined && homes.has(folder) ? 'AsInstalled' : 'FilePathWillNotTravel';
  report(code, `${what} from the file ${quote(file)}`);
}

function checkCluster(cluster: Cluster, name: string, homes: Homes, report: Report): void {
  const { insecureSkipTlsVerify, proxyUrl, certificateAuthority } = cluster;
  if (insecureSkipTlsVerify)
    report(
      'InsecureSkipTlsVerify',
      isGiven(certificateAuthority)
        ? `${name} sets insecure-skip-tls-verify and names a CA; kubectl refuses to use both`
        : `${name} sets insecure-skip-tls-verify`,
    );
  const isHttp = checkServer(cluster, name, report);
  if (!isHttp && !insecureSkipTlsVerify && !isGiven(certificateAuthority))
    report('CertificateAuthorityMissing', `${name} has neither certificate-authority-data nor certificate-authority`);
  if (certificateAuthority.file !== null && certificateAuthority.data === null)
    reportFile(certificateAuthority.file, `${name} takes its CA`, homes, report);
  if (proxyUrl !== null) report('ProxyConfigured', `${name} connects through ${quote(proxyUrl)}`);
}

/** Answers whether the server is reached without TLS. */
function checkServer({ server }: Cluster, name: string, report: Report): boolean {
  if (server === null) {
    report('ServerMissing', `${name} has no server`);
    return false;
  }
  const url = URL.canParse(server) ? new URL(server) : null;
  const shown = quote(server);
  if (url?.protocol === 'http:') {
    report('ServerOverHttp', `${name} connects to ${shown}`);
    return true;
  }
  if (url?.protocol !== 'https:' || url.hostname === '')
    report('ServerMissing', `${name} has the server ${shown}, which is no https URL`);
  return false;
}

function checkUser(user: User, name: string, homes: Homes, report: Report): void {
  const { clientCertificate, clientKey, token, tokenFile, basic, exec, authProvider, impersonates } = user;
  for (const [what, { data, file }] of [
    ['certificate', clientCertificate],
    ['key', clientKey],
  ] as const)
    if (file !== null && data === null) reportFile(file, `${name} takes its ${what}`, homes, report);
    else if (file !== null)
      report(
        'AmbiguousCredential',
        `${name} has its client ${what} both in itself and in a file; kubectl takes the data`,
      );
  if (tokenFile !== null) reportFile(tokenFile, `${name} takes its token`, homes, report);

  if (token === 'given') report('StaticToken', `${name} has a token`);
  if (token === 'omitted')
    report('FieldMissing', `${name} has a token that is left out: kubectl config view writes it with --raw alone`);
  if (basic) report('BasicAuthentication', `${name} has a username or password`);
  if (exec !== null)
    report(
      isKnownPlugin(exec) ? 'ExecPlugin' : 'ExecCommand',
      `${name} runs ${quote(exec.command)} with ${counted(exec.args.length, 'argument')}`,
    );
  if (authProvider !== null) report('AuthProvider', `${name} uses the auth-provider ${quote(authProvider)}`);
  if (impersonates !== null)
    report(
      'Impersonation',
      impersonates.username === null
        ? `${name} sets what to impersonate and not whom; kubectl refuses that`
        : `${name} acts as ${quote(impersonates.username)}`,
    );
  checkCredentials(user, name, report);
}

function checkCredentials(user: User, name: string, report: Report): void {
  const { clientCertificate, clientKey, token, tokenFile, basic, exec, authProvider } = user;
  const credentials = [
    ...(isGiven(clientCertificate) ? ['a client certificate'] : []),
    ...(token === null ? [] : ['a token']),
    ...(tokenFile === null ? [] : ['a token in a file']),
    ...(basic ? ['a username or password'] : []),
    ...(exec === null ? [] : ['an exec command']),
    ...(authProvider === null ? [] : ['an auth-provider']),
  ];
  if (credentials.length === 0 && !isGiven(clientKey)) report('NoCredential', `${name} has no credential`);
  if (credentials.length > 1) report('AmbiguousCredential', `${name} has ${credentials.join(', ')}`);
}

function checkNames({ currentContext, contexts, clusters, users }: Kubeconfig, report: Report): void {
  const names = {
    context: countNames(contexts),
    cluster: countNames(clusters),
    user: countNames(users),
  };
  for (const [what, counts] of Object.entries(names))
    for (const [name, count] of counts)
      if (count > 1)
        report('DuplicateName', `There are ${count} ${what}s named ${quote(name)}; kubectl refuses the file`);

  const used = { cluster: new Set<string>(), user: new Set<string>() };
  for (const [i, context] of contexts.entries())
    for (const what of ['cluster', 'user'] as const) {
      const name = context[what];
      if (name === null) continue;
      used[what].add(name);
      if (!names[what].has(name))
        report(
          'DanglingReference',
          `${called('context', context, i)} names the ${what} ${quote(name)}, which is not there`,
        );
    }
  for (const what of ['cluster', 'user'] as const)
    for (const name of names[what].keys())
      if (!used[what].has(name)) report('UnusedEntry', `No context uses the ${what} ${quote(name)}`);

  if (currentContext === null) report('CurrentContextMissing', 'There is no current-context');
  else if (!names.context.has(currentContext))
    report('CurrentContextMissing', `The current-context is ${quote(currentContext)}, and there is none of that name`);
}

function countNames(entries: readonly { readonly name: string }[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { name } of entries) if (name !== '') counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

/** Names an entry, or gives its place where it has no name. */
const called = (what: 'cluster' | 'user' | 'context', { name }: { readonly name: string }, index: number): string =>
  name === '' ? `${what}s[${index}]` : `${what.charAt(0).toUpperCase()}${what.slice(1)} ${quote(name)}`;
