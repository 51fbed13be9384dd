import {
  type DataOrFile,
  fieldPlace,
  isGiven,
  type Kubeconfig,
  type ClusterEntry,
  type UserEntry,
  readKubeconfig,
} from '../formats/kubeconfig/read-kubeconfig.js';
import type { CredentialSource, KubeconfigContent } from '../model/inspection.js';
import { quote } from '../formats/text/quote.js';
import { Observations, type Report } from '../model/observations.js';
import type { Reading } from './reading.js';
import { type DocumentSource, readBase64Field, reportFieldProblems, shortened, shownFields } from './document.js';

/** Reads a kubeconfig and the certificates and keys in it. */
export function readKubeconfigDocument(document: DocumentSource, reading: Reading): readonly string[] {
  const { kubeconfig: given, problems } = readKubeconfig(document.content);
  const object = reading.open(document);
  const observations = new Observations();
  reportFieldProblems(problems, document.duplicates, observations.report);
  // Before the checks, so that no message has a secret either.
  const kubeconfig = shownKubeconfig(given, observations.report);
  checkKubeconfig(kubeconfig, observations.report);

  const owner = { path: object.path, depth: document.depth };
  const credential = ({ data, file }: DataOrFile, list: 'clusters' | 'users', index: number, name: string) => {
    if (data === null) return file === null ? nothing : { from: 'file' as const, file: shortened(file) };
    const place = fieldPlace(list, index, `${name}-data`);
    const [first = null] = readBase64Field(data, place, owner, 'credential', observations.report, reading);
    return { from: 'data' as const, object: first };
  };
  const content = contentOf(kubeconfig, credential);
  return object.fill(content, observations.toArray());
}

function shownKubeconfig({ currentContext, contexts, clusters, users }: Kubeconfig, report: Report): Kubeconfig {
  const entries = <T extends { readonly name: string }>(what: 'cluster' | 'user' | 'context', given: readonly T[]) =>
    given.map((entry, i) => shownFields(entry, (shown) => called(what, shown, i), report));
  return {
    currentContext: shownFields(currentContext, () => 'The current-context', report),
    contexts: entries('context', contexts),
    clusters: entries('cluster', clusters),
    users: entries('user', users),
  };
}

const nothing: CredentialSource = { from: 'nothing' };

function contentOf(
  { currentContext, contexts, clusters, users }: Kubeconfig,
  credential: (given: DataOrFile, list: 'clusters' | 'users', index: number, name: string) => CredentialSource,
): KubeconfigContent {
  return {
    type: 'Kubeconfig',
    currentContext,
    contexts,
    clusters: clusters.map(({ name, server, tlsServerName, insecureSkipTlsVerify, proxyUrl, ...cluster }, i) => ({
      name,
      server,
      tlsServerName,
      insecureSkipTlsVerify,
      proxyUrl,
      certificateAuthority: credential(cluster.certificateAuthority, 'clusters', i, 'certificate-authority'),
    })),
    users: users.map((user, i) => ({
      name: user.name,
      authentication: methodsOf(user),
      clientCertificate: credential(user.clientCertificate, 'users', i, 'client-certificate'),
      clientKey: credential(user.clientKey, 'users', i, 'client-key'),
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

function methodsOf(user: UserEntry): KubeconfigContent['users'][number]['authentication'] {
  const { clientCertificate, token, tokenFile, exec, authProvider, basic } = user;
  return [
    ...(clientCertificate.data !== null || clientCertificate.file !== null ? (['clientCertificate'] as const) : []),
    ...(token !== null || tokenFile !== null ? (['token'] as const) : []),
    ...(exec === null ? [] : (['exec'] as const)),
    ...(authProvider === null ? [] : (['authProvider'] as const)),
    ...(basic ? (['basic'] as const) : []),
  ];
}

function impersonated({ impersonates }: UserEntry): string | null {
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
  for (const [i, cluster] of kubeconfig.clusters.entries())
    checkCluster(cluster, called('cluster', cluster, i), report);
  for (const [i, user] of kubeconfig.users.entries()) checkUser(user, called('user', user, i), report);
  checkNames(kubeconfig, report);
}

function checkCluster(cluster: ClusterEntry, name: string, report: Report): void {
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
    report('FilePathWillNotTravel', `${name} takes its CA from the file ${quote(certificateAuthority.file)}`);
  if (proxyUrl !== null) report('ProxyConfigured', `${name} connects through ${quote(proxyUrl)}`);
}

/** Answers whether the server is reached without TLS. */
function checkServer({ server }: ClusterEntry, name: string, report: Report): boolean {
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

function checkUser(user: UserEntry, name: string, report: Report): void {
  const { clientCertificate, clientKey, token, tokenFile, basic, exec, authProvider, impersonates } = user;
  for (const [what, { data, file }] of [
    ['certificate', clientCertificate],
    ['key', clientKey],
  ] as const)
    if (file !== null && data === null)
      report('FilePathWillNotTravel', `${name} takes its ${what} from the file ${quote(file)}`);
  if (tokenFile !== null) report('FilePathWillNotTravel', `${name} takes its token from the file ${quote(tokenFile)}`);

  if (token === 'given') report('StaticToken', `${name} has a token`);
  if (token === 'omitted')
    report('FieldMissing', `${name} has a token that is left out: kubectl config view writes it with --raw alone`);
  if (basic) report('BasicAuthentication', `${name} has a username or password`);
  if (exec !== null)
    report('ExecCommand', `${name} runs ${quote(exec.command)} with ${countOf(exec.args.length, 'argument')}`);
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

function checkCredentials(user: UserEntry, name: string, report: Report): void {
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
  for (const [what, { data, file }] of [
    ['certificate', clientCertificate],
    ['key', clientKey],
  ] as const)
    if (data !== null && file !== null)
      report(
        'AmbiguousCredential',
        `${name} has its client ${what} both in itself and in a file; kubectl takes the data`,
      );
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

const countOf = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;
