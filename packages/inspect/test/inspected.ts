import type { Finding, Inspection } from '../src/model/inspection.js';
import type { FindingCode } from '../src/model/catalogue.js';
import type { InspectionContext, KnownCluster, Thresholds } from '../src/model/decoded.js';
import { findAll } from '../src/findings/find-all.js';
import { openBudget } from '../src/model/budget.js';
import { readUpload } from '../src/reading/read-upload.js';
import { fillInventory, observePrimeModuli } from '../src/inspect.js';
import { listRelations } from '../src/relations/list-relations.js';
import { Relations } from '../src/relations/relations.js';
import { testNow } from '../../x509/test/helpers/certificates.js';

const days = 86_400;

export const testThresholds: Thresholds = {
  expiresWithinSeconds: 30 * days,
  maxValiditySeconds: 400 * days,
  maxCaValiditySeconds: 3660 * days,
};

/** The inspection of some files. */
export interface Inspected extends Inspection {
  /** Codes of what is found about an object, the worst first. */
  codes(path: string): readonly string[];
  /** The one finding of a code. */
  finding(code: FindingCode, path?: string): Finding | undefined;
  /** `from type to`. */
  readonly related: readonly string[];
}

/** Inspects files as the service does. */
export async function inspectFiles(
  files: Readonly<Record<string, string | Uint8Array>>,
  known: Partial<Pick<InspectionContext, 'clusters' | 'now' | 'inventory' | 'thresholds'>> & { password?: string } = {},
): Promise<Inspected> {
  const { now = testNow, clusters = [], thresholds = testThresholds, password = null } = known;
  const inventory = known.inventory ?? (async () => new Map());
  const parts = Object.entries(files).map(([name, content]) => ({ name, bytes: Buffer.from(content) }));
  const budget = openBudget();
  const read = await readUpload({ parts, password }, { now, password, budget });
  const objects = await fillInventory(await observePrimeModuli(read, budget), { inventory });
  const relations = new Relations(objects, clusters, budget);
  const list = listRelations(relations);
  const findings = findAll(objects, relations, { now, thresholds });
  return {
    objects: objects.map(({ path, content }) => ({ path, ...content })),
    relations: list,
    findings,
    codes: (path) => findings.filter(({ object }) => object === path).map(({ code }) => code),
    finding: (code, path) =>
      findings.find((each) => each.code === code && (path === undefined || each.object === path)),
    related: list.map(({ type, from, to }) => `${from} ${type} ${to}`),
  };
}

/** A cluster of ours. */
export const knownCluster = (
  name: string,
  server: string,
  serving: readonly Uint8Array[],
  client: readonly Uint8Array[] | null = serving,
): KnownCluster => ({ name, server, servingAuthorities: serving, clientAuthorities: client });

export interface KubeconfigParts {
  readonly server?: string;
  readonly authority?: string;
  readonly certificate?: string;
  readonly key?: string;
  readonly more?: Readonly<Record<string, unknown>>;
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** A kubeconfig of one context, in JSON. */
export const kubeconfigOf = ({ server, authority, certificate, key, more }: KubeconfigParts): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'it',
    contexts: [{ name: 'it', context: { cluster: 'c', user: 'u' } }],
    clusters: [
      {
        name: 'c',
        cluster: {
          server: server ?? 'https://10.0.0.1:6443',
          ...(authority !== undefined && { 'certificate-authority-data': base64(authority) }),
          ...more,
        },
      },
    ],
    users: [
      {
        name: 'u',
        user: {
          ...(certificate !== undefined && { 'client-certificate-data': base64(certificate) }),
          ...(key !== undefined && { 'client-key-data': base64(key) }),
        },
      },
    ],
  });

/** A Secret of type tls, in JSON. */
export const secretOf = (data: Readonly<Record<string, string>>): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'kubernetes.io/tls',
    metadata: { name: 'tls', namespace: 'default' },
    data: Object.fromEntries(Object.entries(data).map(([name, text]) => [name, base64(text)])),
  });
