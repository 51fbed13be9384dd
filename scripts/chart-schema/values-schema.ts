import { environmentVariables } from '../../src/config/env.js';
import { UrlSetting } from '../../src/config/setting.js';
import { policyJsonSchema } from '../../src/policy/policy-schema.js';
import { configSchema, plain } from './config-schema.js';
import { conditions } from './conditions.js';
import { closed, type JsonSchema, listOf, mapOf, matching, orEmpty } from './json-schema.js';
import {
  annotations,
  anything,
  dataKey,
  filled,
  flag,
  goDuration,
  hostName,
  hostNameOrEmpty,
  label,
  labels,
  manifest,
  named,
  numberOrPercentage,
  objectName,
  objectNameOrEmpty,
  port,
  prometheusDuration,
  quantity,
  resources,
  secretKey,
  secretKeyOrDefault,
  secretKeyOrNone,
  text,
} from './kubernetes-shapes.js';

/** The service refuses a variable `KUBEPASS_…` that it does not read. */
const variable: JsonSchema = {
  ...named,
  properties: {
    name: {
      ...filled,
      if: { pattern: '^KUBEPASS_' },
      then: { enum: Object.values(environmentVariables).filter((name) => name.startsWith('KUBEPASS_')) },
    },
    value: text,
  },
};

const imagePath = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
const registry = '[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::[0-9]{1,5})?';

const registryOrEmpty = orEmpty(`${registry}(?:/${imagePath})*/?`);

const image = closed(
  {
    registry: registryOrEmpty,
    repository: matching(`(?:${registry}/)?${imagePath}(?:/${imagePath})*`),
    tag: orEmpty('[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}'),
    digest: orEmpty('sha256:[0-9a-f]{64}'),
    pullPolicy: { enum: ['Always', 'IfNotPresent', 'Never'] },
  },
  { required: ['repository', 'pullPolicy'] },
);

/** PostgreSQL cuts a longer name off. */
const databaseName: JsonSchema = { ...filled, maxLength: 63 };
const login = closed({ username: databaseName, passwordSecret: secretKeyOrNone });
const database = closed(
  {
    type: { enum: ['sqlite', 'postgresql'] },
    sqlite: closed(
      { size: quantity, storageClassName: objectNameOrEmpty, existingClaim: objectNameOrEmpty },
      { required: ['size'] },
    ),
    postgresql: closed({
      host: orEmpty('[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?[.]?|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*', { maxLength: 253 }),
      port,
      name: databaseName,
      sslMode: { enum: ['verify-full', 'disable'] },
      caSecret: secretKeyOrNone,
      service: login,
      owner: login,
    }),
  },
  { required: ['type', 'sqlite', 'postgresql'] },
);

/** The name of a folder below /etc/kubepass, or of a file without its `.yaml`. */
const fileName = (maxLength: number) => `[a-z0-9](?:[a-z0-9.-]{0,${maxLength - 2}}[a-z0-9])?`;

/** Helm deletes a default that is null. The templates cannot do without these; they can without each other value. */
const needed = [
  ...['replicas', 'image', 'config', 'database', 'firstAdminToken', 'tls', 'service', 'ingress', 'gateway', 'rbac'],
  ...['serviceAccount', 'networkPolicy', 'podDisruptionBudget', 'metrics'],
];

/** The schema of the values of the chart kubepass. */
export function valuesSchema(): JsonSchema {
  const config = configSchema();
  const { $schema: _draft, title: _title, ...policy } = policyJsonSchema as JsonSchema;
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Values of the chart kubepass',
    ...closed({
      global: {
        type: ['object', 'null'],
        properties: { imageRegistry: { ...registryOrEmpty, type: ['string', 'null'] } },
      },
      replicas: { type: 'integer', minimum: 1, maximum: 20 },
      image,
      imagePullSecrets: listOf(closed({ name: objectName }, { required: ['name'] })),
      config,
      policies: mapOf(fileName(248), policy),
      policiesConfigMap: objectNameOrEmpty,
      database,
      checkpointKeys: listOf(secretKey, { uniqueItems: true, maxItems: 10 }),
      firstAdminToken: secretKeyOrNone,
      clusterCredentials: mapOf(label, credentials),
      secretFiles: mapOf(fileName(63), closed({ secretName: objectName }, { required: ['secretName'] })),
      tls: closed({ secretName: objectName, certificate }, { required: ['secretName'] }),
      service,
      ingress: closed({
        enabled: flag,
        className: objectNameOrEmpty,
        host: hostNameOrEmpty,
        annotations,
        tlsSecretName: objectNameOrEmpty,
      }),
      gateway: closed({ enabled: flag, parentRefs: listOf(named), hostnames: listOf(hostName) }),
      rbac: closed({ create: flag }),
      serviceAccount: closed({ create: flag, name: objectNameOrEmpty, annotations }),
      networkPolicy: closed({ enabled: flag, from: objects, apiServers: objects, egress: objects }),
      podDisruptionBudget: closed(
        { enabled: flag, maxUnavailable: numberOrPercentage },
        { required: ['maxUnavailable'] },
      ),
      metrics: closed(
        {
          enabled: flag,
          port,
          from: objects,
          serviceMonitor: closed({ enabled: flag, labels, interval: prometheusDuration }, { required: ['interval'] }),
          prometheusRule: closed({ enabled: flag, labels, runbookUrl: orEmpty('https?://[^\\s]+') }),
          dashboard: closed({ enabled: flag, labels }),
        },
        { required: ['port', 'serviceMonitor', 'prometheusRule', 'dashboard'] },
      ),
      resources,
      topologySpreadConstraints: objects,
      affinity: anything,
      nodeSelector: labels,
      tolerations: objects,
      priorityClassName: objectNameOrEmpty,
      podLabels: labels,
      podAnnotations: annotations,
      extraEnv: listOf(variable),
      extraVolumes: listOf(named),
      extraVolumeMounts: listOf({
        type: 'object',
        required: ['name', 'mountPath'],
        properties: { name: filled, mountPath: filled },
      }),
      extraObjects: listOf(manifest),
    }),
    required: needed,
    allOf: conditions,
  };
}

const objects = listOf(anything);

/** A kubeconfig in a Secret, or a projected token of the pod. */
const credentials: JsonSchema = {
  type: 'object',
  if: { required: ['server'] },
  then: closed(
    { server: plain(UrlSetting), caSecret: secretKeyOrDefault, audience: filled },
    { required: ['server', 'caSecret', 'audience'] },
  ),
  else: closed({ secretName: objectName, key: dataKey }, { required: ['secretName'] }),
};

const certificate = closed(
  {
    enabled: flag,
    issuerRef: closed({ name: objectNameOrEmpty, kind: filled, group: objectName }),
    dnsNames: listOf(hostName),
    duration: goDuration,
    renewBefore: goDuration,
  },
  { required: ['duration', 'renewBefore'] },
);

const service = closed(
  {
    type: { enum: ['ClusterIP', 'NodePort', 'LoadBalancer'] },
    port,
    clusterIP: orEmpty('None|[0-9A-Fa-f:.]+'),
    nodePort: { ...port, type: ['integer', 'null'] },
    annotations,
  },
  { required: ['type', 'port'] },
);
