import { may } from '../callers/permissions.js';
import type { IssuingCluster } from '../context/context.js';
import type { ClusterProbes } from '../context/under-way.js';
import { NotReadyError } from '../model/errors.js';
import type { ClusterHealth, Component, ComponentName, ComponentState, HealthService } from '../model/health.js';
import type { Store } from '../store/store.js';

/** The parts whose state is told. */
export interface HealthParts {
  readonly store: Pick<Store, 'ping' | 'hasRoom' | 'checkpoints' | 'auditEvents'>;
  readonly clock: () => Date;
  /** Whether the requests that an earlier process left are recovered. */
  readonly isRecovered: () => boolean;
  readonly clusters: readonly IssuingCluster[];
  readonly probes: Pick<ClusterProbes, 'last'>;
  readonly policies: PoliciesInForce;
  readonly denyList: { size(): number; readonly isBehind: boolean };
  readonly checkpointSeconds: number;
  /** The names of the configured ones, and how many of them fail now. */
  readonly webhooks: { readonly names: readonly string[]; readonly failing: number };
  readonly issuers: readonly { readonly keys: { readonly areUsable: boolean } }[];
  readonly tls: ServedCertificate | null;
  /** As in `HealthService`. */
  readonly restored: HealthService['restored'];
  /** Sentences for people. */
  readonly notes: () => readonly string[];
}

interface PoliciesInForce {
  current(): { readonly policies: readonly unknown[]; readonly guardrails: readonly unknown[] };
  isRefused(): boolean;
  since(): Date;
}

interface ServedCertificate {
  current(): { readonly validFrom: string; readonly validTo: string };
}

/**
 * The state of each part of the service. Only the database and the recovery decide whether it is ready. A cluster that
 * is out of reach does not: the service goes on for the others, and records, decides and answers reviews for that one
 * too. If it made the service unready, one cluster's outage would take it from every caller.
 */
export function healthService(parts: HealthParts): HealthService {
  const { store, clock, isRecovered } = parts;
  return {
    async ready() {
      if (!isRecovered()) throw new NotReadyError('what an earlier process left is not recovered yet');
      await store.ping();
    },
    restored: () => parts.restored(),
    notes: () => parts.notes(),
    async report(viewer) {
      const now = clock();
      const clusters = parts.clusters.map((cluster) => healthOf(cluster, parts.probes));
      return {
        components: [
          component('database', (await answers(() => store.ping())) ? 'ok' : 'failed'),
          component('recovery', isRecovered() ? 'ok' : 'failed'),
          component('writer-queue', store.hasRoom() ? 'ok' : 'degraded'),
          clustersComponent(clusters, now),
          ...authoritiesComponent(parts.clusters, now),
          policiesComponent(parts.policies, now),
          component('deny-list', parts.denyList.isBehind ? 'degraded' : 'ok', { revocations: parts.denyList.size() }),
          await checkpointsComponent(parts, now),
          component('webhooks', parts.webhooks.failing > 0 ? 'degraded' : 'ok', {
            configured: parts.webhooks.names.length,
            failing: parts.webhooks.failing,
          }),
          issuersComponent(parts.issuers),
          ...tlsComponent(parts.tls, now),
        ],
        clusters: viewer !== null && may(viewer, 'read-audit-events') ? clusters : null,
      };
    },
  };
}

const component = (name: ComponentName, state: ComponentState, figures: Component['figures'] = {}): Component => ({
  name,
  state,
  figures,
});

const secondsBetween = (from: Date, to: Date): number => Math.round((to.getTime() - from.getTime()) / 1000);

async function answers(ask: () => Promise<unknown>): Promise<boolean> {
  try {
    await ask();
    return true;
  } catch {
    return false;
  }
}

function healthOf({ cluster: { name } }: IssuingCluster, probes: HealthParts['probes']): ClusterHealth {
  const last = probes.last(name);
  const { reachable = null, signs = 'unknown' } = last?.result ?? {};
  const state = reachable === false || signs === 'no' ? 'degraded' : 'ok';
  return { name, state, reachable, signs, probedAt: last?.probedAt ?? null };
}

function clustersComponent(clusters: readonly ClusterHealth[], now: Date): Component {
  const probed = clusters.flatMap(({ probedAt }) => (probedAt === null ? [] : [probedAt]));
  const those = (wanted: (cluster: ClusterHealth) => boolean) => clusters.filter(wanted).length;
  return component('clusters', clusters.some(({ state }) => state !== 'ok') ? 'degraded' : 'ok', {
    configured: clusters.length,
    probed: probed.length,
    reachable: those(({ reachable }) => reachable === true),
    unreachable: those(({ reachable }) => reachable === false),
    notSigning: those(({ signs }) => signs === 'no'),
    ...(probed.length > 0 && {
      secondsSinceOldestProbe: Math.max(...probed.map((probedAt) => secondsBetween(probedAt, now))),
    }),
  });
}

/**
 * The issuers that sign. `secondsLeft`: until the first of them ends. `notLoaded`: clusters whose active issuer this
 * process does not have. `keysUnavailable`: counts the keys of issuers that are next or retiring, too.
 */
function authoritiesComponent(clusters: readonly IssuingCluster[], now: Date): readonly Component[] {
  const held = clusters.flatMap(({ issuers }) => issuers ?? []);
  if (held.length === 0) return [];
  const authorities = held.flatMap((issuers) => issuers.inStates('active'));
  const used = held.flatMap((issuers) => issuers.inStates('next', 'active', 'retiring'));
  const keysUnavailable = used.filter(({ key }) => !key.availability().available).length;
  const notLoaded = held.length - authorities.length;
  const isEnding = authorities.some(({ notBefore, notAfter }) => endsSoon(notBefore, notAfter, now));
  return [
    component('certificate-authorities', isEnding || keysUnavailable > 0 || notLoaded > 0 ? 'degraded' : 'ok', {
      held: authorities.length,
      ...(notLoaded > 0 && { notLoaded }),
      ...(keysUnavailable > 0 && { keysUnavailable }),
      ...(authorities.length > 0 && {
        secondsLeft: Math.min(...authorities.map(({ notAfter }) => secondsBetween(now, notAfter))),
      }),
    }),
  ];
}

/** Less than a tenth of its lifetime is left. */
const endsSoon = (from: Date, to: Date, now: Date): boolean =>
  to.getTime() - now.getTime() < (to.getTime() - from.getTime()) / 10;

function policiesComponent(inForce: PoliciesInForce, now: Date): Component {
  const { policies, guardrails } = inForce.current();
  return component('policies', inForce.isRefused() ? 'degraded' : 'ok', {
    policies: policies.length,
    guardrails: guardrails.length,
    secondsInForce: secondsBetween(inForce.since(), now),
  });
}

/** Late by more than the time of two more. */
async function checkpointsComponent(
  { store, checkpointSeconds }: Pick<HealthParts, 'store' | 'checkpointSeconds'>,
  now: Date,
): Promise<Component> {
  try {
    const [{ seq: events }, last] = await Promise.all([store.auditEvents.head(), store.checkpoints.last()]);
    if (last === null) return component('checkpoints', 'ok', { events, unsignedEvents: events });
    const secondsSinceLast = secondsBetween(last.signedAt, now);
    const unsignedEvents = Math.max(0, events - last.size);
    const isLate = unsignedEvents > 0 && secondsSinceLast > 3 * checkpointSeconds;
    return component('checkpoints', isLate ? 'degraded' : 'ok', { events, unsignedEvents, secondsSinceLast });
  } catch {
    return component('checkpoints', 'degraded');
  }
}

function issuersComponent(issuers: HealthParts['issuers']): Component {
  const unavailable = issuers.filter(({ keys }) => !keys.areUsable).length;
  return component('issuers', unavailable > 0 ? 'degraded' : 'ok', { configured: issuers.length, unavailable });
}

function tlsComponent(tls: ServedCertificate | null, now: Date): readonly Component[] {
  if (tls === null) return [];
  const [from, to] = [new Date(tls.current().validFrom), new Date(tls.current().validTo)];
  return [
    component('tls-certificate', endsSoon(from, to, now) ? 'degraded' : 'ok', { secondsLeft: secondsBetween(now, to) }),
  ];
}
