import { isDeepStrictEqual } from 'node:util';
import { isMap, isScalar, isSeq, parseDocument, Scalar, YAMLMap, YAMLSeq, type Document } from 'yaml';
import { messageOf } from '@kubepass/x509';
import { PluginError } from './plugin-error.js';

/**
 * Every scalar is a text, in the form in which it stands: so what is not ours is written again as it was, whatever
 * readers of YAML 1.1 or 1.2 take `yes`, `0777` or `1e3` for.
 */
const asItStands = { schema: 'failsafe', keepSourceTokens: false } as const;

/** The entries of one context: with an exec user, and so without a secret. */
export interface OwnEntries {
  readonly context: string;
  readonly namespace: string | null;
  /** The cluster entry of kubepass's own kubeconfig: server, CA, TLS server name. */
  readonly cluster: Readonly<Record<string, string>>;
  readonly exec: ExecUser;
}

interface ExecUser {
  readonly args: readonly string[];
  readonly installHint: string;
}

interface OwnContext {
  readonly context: string;
  readonly args: readonly string[];
}

export const command = 'kubectl-kubepass';
/** Names of entries that nobody else gives. */
const entryName = (context: string): string => `kubepass:${context}`;

/**
 * Puts the entries of a context into a kubeconfig, or in place of those that an earlier login put there. Nothing else
 * is changed: the result is read again and compared. `isCurrent` makes it the current context too.
 */
export function withEntries(text: string | null, own: OwnEntries, isCurrent: boolean): string {
  const document = read(text);
  const before = plain(document);
  const name = entryName(own.context);
  mustBeOurs(before, own.context, name);

  const namespace = own.namespace ?? namespaceOf(before, own.context);
  setEntry(document, 'clusters', name, 'cluster', mapOf(own.cluster));
  setEntry(document, 'users', name, 'user', execUser(own.exec));
  setEntry(
    document,
    'contexts',
    own.context,
    'context',
    mapOf({ cluster: name, user: name, ...(namespace !== null && { namespace }) }),
  );
  if (isCurrent) document.set('current-context', quoted(own.context));
  const result = written(document);
  mustKeepOthers(before, plain(read(result)), own.context, name);
  return result;
}

/** Makes a context the current one that is in another file of the list. */
export function withCurrentContext(text: string | null, context: string): string {
  const document = read(text);
  const before = plain(document);
  document.set('current-context', quoted(context));
  const result = written(document);
  mustKeepOthers(before, plain(read(result)), null, null);
  return result;
}

/** The contexts whose user is this plugin, and the current context. */
export function ownContexts(text: string): { readonly own: readonly OwnContext[]; readonly current: string | null } {
  const config = plain(read(text));
  const users = new Map(entriesOf(config, 'users').map(({ name, user }) => [name, user]));
  const own = entriesOf(config, 'contexts').flatMap(({ name, context }) => {
    const { user } = (context ?? {}) as Readonly<Record<string, unknown>>;
    const args = pluginArguments(users.get(user));
    return args === null || typeof name !== 'string' ? [] : [{ context: name, args }];
  });
  const current = config['current-context'];
  return { own, current: typeof current === 'string' && current !== '' ? current : null };
}

/** Every other member of a cluster entry weakens it, or is somebody's own setting. */
const clusterMembers: ReadonlySet<string> = new Set(['server', 'certificate-authority-data', 'tls-server-name']);

/** The server, CA and TLS server name in a kubeconfig of kubepass, and the arguments of its user. */
export function entriesOfService(text: string): {
  readonly cluster: Readonly<Record<string, string>>;
  readonly installHint: string;
} {
  const config = plain(read(text));
  const { cluster } = entriesOf(config, 'clusters')[0] ?? {};
  const { user } = entriesOf(config, 'users')[0] ?? {};
  const { exec } = (user ?? {}) as { readonly exec?: { readonly installHint?: unknown } };
  if (typeof cluster !== 'object' || cluster === null) throw new PluginError('kubepass answers no kubeconfig');
  return {
    cluster: Object.fromEntries(
      Object.entries(cluster).filter(([member, value]) => clusterMembers.has(member) && typeof value === 'string'),
    ),
    installHint: typeof exec?.installHint === 'string' ? exec.installHint : '',
  };
}

type Config = Readonly<Record<string, unknown>>;
type Section = 'clusters' | 'users' | 'contexts';

function read(text: string | null): Document {
  const document: Document = orStays(() => parseDocument(text ?? '', asItStands));
  const [error] = document.errors;
  if (error !== undefined)
    throw new PluginError(`the kubeconfig cannot be read, and stays as it is: ${error.message.split('\n')[0] ?? ''}`);
  const { contents } = document;
  // No file yet, an empty one, or one with comments alone.
  if (contents === null || (isScalar(contents) && ['', null].includes(contents.value as string | null))) {
    document.contents = new YAMLMap();
    document.set('apiVersion', plainScalar('v1'));
    document.set('kind', plainScalar('Config'));
  } else if (!isMap(contents)) throw new PluginError('the kubeconfig holds no mapping, and stays as it is');
  return document;
}

const plain = (document: Document): Config => orStays(() => document.toJS({ maxAliasCount: 1000 }) as Config);

const written = (document: Document): string => orStays(() => document.toString({ lineWidth: 0 }));

/** The library throws where there are too many aliases, and where one leads to what has been replaced. */
function orStays<T>(act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw new PluginError(`the kubeconfig cannot be changed, and stays as it is: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

const entriesOf = (config: Config, section: Section): readonly Readonly<Record<string, unknown>>[] => {
  const list = config[section];
  return Array.isArray(list)
    ? list.filter((one): one is Readonly<Record<string, unknown>> => typeof one === 'object' && one !== null)
    : [];
};

/** The arguments of an exec user that is this plugin; null for every other user. */
function pluginArguments(user: unknown): readonly string[] | null {
  const { exec } = (user ?? {}) as { readonly exec?: { readonly command?: unknown; readonly args?: unknown } };
  const base = typeof exec?.command === 'string' ? exec.command.split(/[/\\]/).at(-1) : undefined;
  if (base === undefined || base.replace(/\.(?:exe|cmd)$/, '') !== command) return null;
  return Array.isArray(exec?.args) ? exec.args.map(String) : [];
}

/** The namespace that somebody has set since the earlier login. */
function namespaceOf(config: Config, context: string): string | null {
  const found = entriesOf(config, 'contexts').find(({ name }) => name === context);
  const { namespace } = (found?.['context'] ?? {}) as Config;
  return typeof namespace === 'string' && namespace !== '' ? namespace : null;
}

function mustBeOurs(config: Config, context: string, name: string): void {
  const found = entriesOf(config, 'contexts').find((one) => one['name'] === context);
  const user = entriesOf(config, 'users').find((one) => one['name'] === name);
  const { user: userOfContext } = (found?.['context'] ?? {}) as Config;
  if (found !== undefined && userOfContext !== name)
    throw new PluginError(
      `the kubeconfig has a context ${JSON.stringify(context)} that is not of kubepass: name another one with --context`,
    );
  if (user !== undefined && pluginArguments(user['user']) === null)
    throw new PluginError(
      `the kubeconfig has a user ${JSON.stringify(name)} that is not of kubepass: name another context with --context`,
    );
}

/** Replaces the value of the entry with this name, or adds one. */
function setEntry(document: Document, section: Section, name: string, member: string, value: YAMLMap): void {
  let list = document.get(section, true);
  if (!isSeq(list)) {
    const isNothing =
      list === undefined || (isScalar(list) && ['', 'null', '~', null].includes(list.value as string | null));
    if (!isNothing) throw new PluginError(`${section} of the kubeconfig is no list, and stays as it is`);
    list = new YAMLSeq();
    document.set(section, list);
  }
  const sequence = list as YAMLSeq;
  const found = sequence.items.find((item) => isMap(item) && item.get('name') === name);
  if (isMap(found)) {
    found.set(member, value);
    return;
  }
  // `clusters: []` goes on in a line of its own.
  if (sequence.items.length === 0) sequence.flow = false;
  const entry = new YAMLMap();
  entry.set('name', quoted(name));
  entry.set(member, value);
  sequence.items.push(entry);
}

function execUser({ args, installHint }: ExecUser): YAMLMap {
  const list = new YAMLSeq();
  list.items.push(...args.map(quoted));
  const exec = mapOf({ apiVersion: 'client.authentication.k8s.io/v1', command });
  exec.set('args', list);
  exec.set('installHint', quoted(installHint));
  exec.set('interactiveMode', quoted('IfAvailable'));
  exec.set('provideClusterInfo', plainScalar('true'));
  const user = new YAMLMap();
  user.set('exec', exec);
  return user;
}

function mapOf(members: Readonly<Record<string, string>>): YAMLMap {
  const map = new YAMLMap();
  for (const [name, value] of Object.entries(members)) map.set(name, quoted(value));
  return map;
}

/** Ours are texts for every reader. */
function quoted(text: string): Scalar {
  const scalar = new Scalar(text);
  scalar.type = 'QUOTE_DOUBLE';
  return scalar;
}

function plainScalar(text: string): Scalar {
  const scalar = new Scalar(text);
  scalar.type = 'PLAIN';
  return scalar;
}

/** Throws unless all that is not ours reads as before. */
function mustKeepOthers(before: Config, after: Config, context: string | null, name: string | null): void {
  const others = (config: Config) => ({
    ...config,
    'current-context': null,
    clusters: entriesOf(config, 'clusters').filter((one) => one['name'] !== name),
    users: entriesOf(config, 'users').filter((one) => one['name'] !== name),
    contexts: entriesOf(config, 'contexts').filter((one) => one['name'] !== context),
  });
  if (!isDeepStrictEqual(others(before), others(after)))
    throw new PluginError(
      'the kubeconfig could not be changed without changing entries of others, so it stays as it is',
    );
}
