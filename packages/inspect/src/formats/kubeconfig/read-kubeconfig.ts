import type { Place } from '../json/place.js';
import { FieldReader, type FieldProblem } from '../yaml/field-reader.js';

/** A kubeconfig (v1 `Config`) as kubectl reads it, without the secrets in it. */
export interface Kubeconfig {
  readonly currentContext: string | null;
  /** Each list keeps the order and the indices of the document. */
  readonly contexts: readonly ContextEntry[];
  readonly clusters: readonly ClusterEntry[];
  readonly users: readonly UserEntry[];
}

interface ContextEntry {
  readonly name: string;
  readonly cluster: string | null;
  readonly user: string | null;
  readonly namespace: string | null;
}

export interface ClusterEntry {
  readonly name: string;
  readonly server: string | null;
  readonly tlsServerName: string | null;
  readonly insecureSkipTlsVerify: boolean;
  readonly proxyUrl: string | null;
  readonly certificateAuthority: DataOrFile;
}

/** Data takes precedence over a file. */
export interface DataOrFile {
  /** Base64. */
  readonly data: string | null;
  readonly file: string | null;
}

export interface UserEntry {
  readonly name: string;
  readonly clientCertificate: DataOrFile;
  readonly clientKey: DataOrFile;
  /** `omitted`: `kubectl config view` replaced it with a placeholder. */
  readonly token: 'given' | 'omitted' | null;
  readonly tokenFile: string | null;
  /** Whether it has a username or password. */
  readonly basic: boolean;
  readonly exec: KubeconfigExec | null;
  /** Its name. */
  readonly authProvider: string | null;
  readonly impersonates: Impersonated | null;
}

interface KubeconfigExec {
  readonly apiVersion: string | null;
  readonly command: string;
  readonly args: readonly string[];
  /** Names of variables, without values. */
  readonly env: readonly string[];
}

interface Impersonated {
  readonly username: string | null;
  readonly uid: string | null;
  readonly groups: readonly string[];
  /** Names of the extra fields, without values. */
  readonly extra: readonly string[];
}

/** `kubectl config view` writes these in place of secrets. */
export const placeholders: ReadonlySet<string> = new Set(['DATA+OMITTED', 'REDACTED']);

/**
 * Reads a document as a kubeconfig. Nothing in it is executed, followed or fetched. A field of the wrong type is left out
 * and becomes a problem. Unknown fields are ignored, as in kubectl; empty strings are nothing, as in Go.
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

function readContext(fields: FieldReader, name: string): ContextEntry {
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

function readCluster(fields: FieldReader, name: string): ClusterEntry {
  return {
    name,
    server: fields.text('server'),
    tlsServerName: fields.text('tls-server-name'),
    insecureSkipTlsVerify: fields.flag('insecure-skip-tls-verify'),
    proxyUrl: fields.text('proxy-url'),
    certificateAuthority: dataOrFile(fields, 'certificate-authority'),
  };
}

function readUser(fields: FieldReader, name: string): UserEntry {
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

function readExec(fields: FieldReader): KubeconfigExec {
  const command = fields.text('command');
  if (command === null) fields.missing('command');
  const apiVersion = fields.text('apiVersion');
  if (apiVersion === null) fields.missing('apiVersion');
  return {
    apiVersion,
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

function readImpersonated(fields: FieldReader): Impersonated | null {
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
export const isGiven = ({ data, file }: DataOrFile): boolean => data !== null || file !== null;

/** The place of a field in the entry with that index. */
export const fieldPlace = (list: 'clusters' | 'users' | 'contexts', index: number, ...field: string[]): Place => [
  list,
  index,
  list.slice(0, -1),
  ...field,
];
