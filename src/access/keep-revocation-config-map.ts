import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '@kubepass/x509';
import { within } from '../context/under-way.js';
import type { ClusterConnection, ConfigMapObject } from '../kubernetes/cluster-connection.js';
import { ClusterConflictError } from '../kubernetes/cluster-error.js';
import { keyOfUsername, readValueOfUsernames, valueOfUsernames } from '../kubernetes/revocation-enforcement-files.js';
import type { ListedName, RevocationSettings } from '../model/revocation-enforcement.js';
import type { RevokedCertificate } from '../model/certificate.js';
import type { Context } from '../context/context.js';

/** How often the list in memory is compared with what was written last. */
const roundMilliseconds = 250;
/** How often the ConfigMap itself is read, because others may have changed it. */
const readMilliseconds = 60_000;
/** How long a cluster that did not take the list is left alone. */
const pauseMilliseconds = 5_000;
/** How long an API server takes to hear of a change. */
const settlingMilliseconds = 100;
/** How long a new certificate waits for a cluster that does not take the list. */
const patienceSeconds = 2;
/** The API server takes values of 1 MiB. etcd takes an object of 1.5 MiB, and the object has each key twice. */
const mostOctets = 1_000_000;

/**
 * Keeps the ConfigMap of mode `admission` current until it is stopped. Several replicas may do it at the same time. A
 * replica takes an entry out only when its certificates have expired, and writes names as the database has them. So no
 * replica undoes a change of another replica.
 */
export function keepRevocationConfigMap(
  context: Pick<Context, 'denyList' | 'listedNames' | 'clock' | 'log'>,
  cluster: string,
  { configMap: { namespace, name } }: RevocationSettings,
  { configMaps }: Pick<ClusterConnection, 'configMaps'>,
): { stop(): Promise<void> } {
  const { denyList, listedNames, clock, log } = context;
  let written = '';
  let nextRead = 0;
  let stopped = false;
  let lastComplaint = '';

  const complain = (reason: string, fields: object = {}) => {
    if (reason !== lastComplaint)
      log.error({ cluster, configMap: `${namespace}/${name}`, reason, ...fields }, 'the list of a cluster is not kept');
    lastComplaint = reason;
  };
  const round = async (): Promise<void> => {
    if (stopped) return;
    const now = clock();
    if (!denyList.isLoaded() || (now.getTime() < nextRead && listedNames.changesOf(cluster) === written)) return;
    const found = await configMaps.find(namespace, name);
    if (found === null) {
      nextRead = now.getTime() + pauseMilliseconds;
      written = listedNames.changesOf(cluster);
      complain('there is no such ConfigMap: apply what GET /v1/clusters/{name}/revocation-policy answers');
      return;
    }
    const names = await listedNames.of(cluster, listedIn(found.data, now));
    const changes = listedNames.changesOf(cluster);
    const { data, left } = mergedList(found.data, { revoked: denyList.ofCluster(cluster), names }, now);
    if (!isSame(found.data, data)) await configMaps.replaceData(namespace, name, found, data);
    written = changes;
    nextRead = now.getTime() + readMilliseconds;
    if (left.length > 0) complain(`the ConfigMap is full: ${left.join('; ')}`);
    else lastComplaint = '';
  };

  let timer: NodeJS.Timeout | undefined;
  let underWay: Promise<number> = Promise.resolve(0);
  /** A round that has not begun. All calls that come meanwhile share it. */
  let next: Promise<number> | null = null;
  /**
   * Runs a round that begins after this call. Resolves with the milliseconds until the next round; 0: another replica
   * wrote first.
   */
  const turn = (): Promise<number> => {
    next ??= underWay = underWay
      .then(() => {
        next = null;
        return round();
      })
      .then(
        () => roundMilliseconds,
        (error: unknown) => {
          // Another replica has written at the same time.
          if (error instanceof ClusterConflictError) return 0;
          complain(messageOf(error));
          return pauseMilliseconds;
        },
      )
      .then((pause) => {
        clearTimeout(timer);
        if (!stopped) timer = setTimeout(() => void turn(), pause).unref();
        return pause;
      });
    return next;
  };
  const write = async (): Promise<void> => {
    while ((await turn()) === 0) if (stopped) return;
    await sleep(settlingMilliseconds, undefined, { ref: false });
  };
  listedNames.keptBy(cluster, () => within(patienceSeconds, write()));
  void turn();
  return {
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await underWay;
    },
  };
}

/**
 * The usernames in the ConfigMap, each with fingerprints that were live. kubepass may not know that these are listed.
 */
export function listedIn(found: ConfigMapObject['data'], now: Date): ReadonlyMap<string, readonly string[]> {
  const values = Object.values(found).flatMap((text) => readValueOfUsernames(text) ?? []);
  const holding = values.filter(({ until }) => until > now);
  return new Map(holding.flatMap(({ usernames, live }) => usernames.map((username) => [username, live] as const)));
}

interface Listed {
  readonly revoked: Iterable<Pick<RevokedCertificate, 'fingerprintSha256' | 'notAfter'>>;
  readonly names: ReadonlyMap<string, ListedName>;
}

/**
 * The data that the ConfigMap must have: for each revoked certificate its end, and for each listed name its live
 * certificates. Entries that kubepass does not know stay until their end, because a restored database knows less.
 *
 * Names go first. If the live certificates of a name do not fit, the name stands there without them, so the cluster
 * refuses all certificates of the name. The revoked certificates go last, because only an older policy reads them.
 * `left`: a sentence about each kind of entries that did not fit.
 */
export function mergedList(
  found: ConfigMapObject['data'],
  { revoked, names }: Listed,
  now: Date,
): { readonly data: ConfigMapObject['data']; readonly left: readonly string[] } {
  const ends = new Map<string, string>();
  const named = new Map<string, { until: Date; usernames: Set<string>; live: Set<string> }>();
  const add = (username: string, { until, live }: ListedName) => {
    const key = keyOfUsername(username);
    const value = named.get(key) ?? { until, usernames: new Set<string>(), live: new Set<string>() };
    if (until > value.until) value.until = until;
    value.usernames.add(username);
    for (const fingerprint of live) value.live.add(fingerprint);
    named.set(key, value);
  };
  for (const [key, text] of Object.entries(found)) {
    const value = readValueOfUsernames(text);
    if (value === null && !(Date.parse(text) <= now.getTime())) ends.set(key, text);
    if (value !== null && value.until > now)
      for (const username of value.usernames) add(username, { until: value.until, live: [] });
  }
  for (const { fingerprintSha256, notAfter } of revoked)
    ends.set(fingerprintSha256, notAfter.toISOString().replace(/\.\d+Z$/, 'Z'));
  for (const [username, name] of names) add(username, name);

  const data = new Map<string, string>();
  let octets = 0;
  const fits = (key: string, text: string): boolean => {
    const before = data.get(key);
    const added = Buffer.byteLength(text) + (before === undefined ? 2 * key.length : -Buffer.byteLength(before));
    if (octets + added > mostOctets) return false;
    octets += added;
    data.set(key, text);
    return true;
  };
  const write = ({ until, usernames, live }: (typeof values)[number][1], isFull: boolean) => {
    const known = [...live].filter((fingerprint) => !ends.has(fingerprint)).sort();
    return valueOfUsernames({ until, usernames: [...usernames].sort(), live: isFull ? known : [] });
  };
  // If not all names fit, the names that end last stay, because their certificates would be valid for longest. Then
  // live certificates are added to the names that have few of them first.
  const values = [...named].sort(([, a], [, b]) => b.until.getTime() - a.until.getTime());
  const inIt = values.filter(([key, value]) => fits(key, write(value, false)));
  const few = inIt.toSorted(([, a], [, b]) => a.live.size - b.live.size);
  const refused = few.filter(([key, value]) => !fits(key, write(value, true))).length;
  const byEnd = [...ends].sort(([, a], [, b]) => (a < b ? 1 : -1));
  const omitted = byEnd.filter(([key, text]) => !fits(key, text)).length;
  const left = [
    ...(values.length > inIt.length
      ? [`${values.length - inIt.length} usernames are left out: revoked certificates stay valid there`]
      : []),
    ...(refused > 0
      ? [`all certificates of ${refused} usernames are refused, because they have too many live ones`]
      : []),
    ...(omitted > 0 ? [`${omitted} revoked certificates are left out: an older policy does not refuse them`] : []),
  ];
  return { data: Object.fromEntries([...data].sort(([a], [b]) => (a < b ? -1 : 1))), left };
}

const isSame = (a: ConfigMapObject['data'], b: ConfigMapObject['data']): boolean => {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
};
