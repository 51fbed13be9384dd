import type { ClusterConnection, ConfigMapObject } from '../kubernetes/cluster-connection.js';
import { ClusterConflictError } from '../kubernetes/cluster-error.js';
import type { RevocationSettings } from '../model/enforcement.js';
import type { RevokedCertificate } from '../model/certificate.js';
import type { IssuanceContext } from '../context/context.js';

/** How often the list in memory is compared with what was written last. */
const roundMilliseconds = 250;
/** How often the ConfigMap itself is read, because others may have changed it. */
const readMilliseconds = 60_000;
/** How long a cluster that did not take the list is left alone. */
const pauseMilliseconds = 5_000;
/** The API server takes a ConfigMap of 1 MiB; an entry has some 90 octets. */
const mostEntries = 10_000;

/**
 * Keeps the ConfigMap of mode `admission` current until it is stopped. Several replicas may do it: an entry is only
 * taken out when its certificate has expired, so none of them undoes what another one has written.
 */
export function keepRevocationConfigMap(
  context: Pick<IssuanceContext, 'denyList' | 'clock' | 'log'>,
  cluster: string,
  { configMap: { namespace, name } }: RevocationSettings,
  { configMaps }: Pick<ClusterConnection, 'configMaps'>,
): { stop(): Promise<void> } {
  const { denyList, clock, log } = context;
  let written: ReadonlySet<string> = new Set();
  let nextRead = 0;
  let stopped = false;
  let lastComplaint = '';

  const isCurrent = (now: number): boolean => {
    if (now >= nextRead) return false;
    for (const { fingerprintSha256 } of denyList.ofCluster(cluster)) if (!written.has(fingerprintSha256)) return false;
    return true;
  };
  const complain = (reason: string, fields: object = {}) => {
    if (reason !== lastComplaint)
      log.error({ cluster, configMap: `${namespace}/${name}`, reason, ...fields }, 'the list of a cluster is not kept');
    lastComplaint = reason;
  };
  const round = async (): Promise<void> => {
    const now = clock();
    if (!denyList.isLoaded() || isCurrent(now.getTime())) return;
    const found = await configMaps.find(namespace, name);
    if (found === null) {
      nextRead = now.getTime() + pauseMilliseconds;
      written = fingerprintsOf(denyList.ofCluster(cluster));
      complain('there is no such ConfigMap: apply what GET /v1/clusters/{name}/revocation-policy answers');
      return;
    }
    const revoked = [...denyList.ofCluster(cluster)];
    const { data, left } = mergedList(found.data, revoked, now);
    if (!isSame(found.data, data)) await configMaps.replaceData(namespace, name, found, data);
    written = fingerprintsOf(revoked);
    nextRead = now.getTime() + readMilliseconds;
    if (left > 0) complain(`more than ${mostEntries} revoked certificates do not fit: some stay valid there`);
    else lastComplaint = '';
  };

  let timer: NodeJS.Timeout | undefined;
  let underWay: Promise<void> = Promise.resolve();
  const schedule = (milliseconds: number) => {
    timer = setTimeout(() => {
      underWay = round()
        .then(
          () => roundMilliseconds,
          (error: unknown) => {
            // Another replica has written at the same time.
            if (error instanceof ClusterConflictError) return roundMilliseconds;
            complain(error instanceof Error ? error.message : String(error));
            return pauseMilliseconds;
          },
        )
        .then((pause) => {
          if (!stopped) schedule(pause);
        });
    }, milliseconds);
    timer.unref();
  };
  schedule(0);
  return {
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await underWay;
    },
  };
}

/**
 * The data that the ConfigMap is to have: for each fingerprint the end of its certificate. Entries that kubepass does
 * not know stay until that end: a database that was restored knows less. `left`: how many did not fit.
 */
export function mergedList(
  found: ConfigMapObject['data'],
  revoked: Iterable<Pick<RevokedCertificate, 'fingerprintSha256' | 'notAfter'>>,
  now: Date,
): { readonly data: ConfigMapObject['data']; readonly left: number } {
  const isOver = (end: string) => Date.parse(end) <= now.getTime();
  const entries = new Map(Object.entries(found).filter(([, end]) => !isOver(end)));
  for (const { fingerprintSha256, notAfter } of revoked)
    entries.set(fingerprintSha256, notAfter.toISOString().replace(/\.\d+Z$/, 'Z'));
  // Where not all fit, the certificates that end last stay: they would be valid for longest.
  const sorted = [...entries].sort(([, a], [, b]) => (a < b ? 1 : -1));
  const kept = sorted.slice(0, mostEntries).sort(([a], [b]) => (a < b ? -1 : 1));
  return { data: Object.fromEntries(kept), left: sorted.length - kept.length };
}

const fingerprintsOf = (revoked: Iterable<RevokedCertificate>): ReadonlySet<string> =>
  new Set(Array.from(revoked, ({ fingerprintSha256 }) => fingerprintSha256));

const isSame = (a: ConfigMapObject['data'], b: ConfigMapObject['data']): boolean => {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
};
