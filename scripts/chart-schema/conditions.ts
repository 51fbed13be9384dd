import { at, type JsonSchema } from './json-schema.js';

const is = (path: string, value: unknown): JsonSchema => at(path, { const: value });
const filled = (path: string): JsonSchema => at(path, { minLength: 1 });
const listed = (path: string): JsonSchema => at(path, { minItems: 1 });

/** One value asks for another. The templates of the chart refuse values that contradict each other (`checks.yaml`). */
export const conditions: readonly JsonSchema[] = [
  // Two processes on one SQLite database corrupt it, and each pod has to sign checkpoints with the same key.
  {
    if: at('replicas', { minimum: 2 }),
    then: { allOf: [is('database.type', 'postgresql'), listed('checkpointKeys')] },
  },
  // The data dir does not outlive a pod.
  {
    if: is('database.type', 'postgresql'),
    then: {
      allOf: [
        ...['host', 'port', 'name', 'sslMode', 'service.username', 'service.passwordSecret.key'].map((key) =>
          at(`database.postgresql.${key}`, {}),
        ),
        filled('database.postgresql.host'),
        filled('database.postgresql.service.passwordSecret.name'),
        listed('checkpointKeys'),
      ],
    },
  },
  { if: is('tls.certificate.enabled', true), then: filled('tls.certificate.issuerRef.name') },
  { if: is('ingress.enabled', true), then: filled('ingress.host') },
  { if: is('gateway.enabled', true), then: { allOf: [listed('gateway.parentRefs'), listed('gateway.hostnames')] } },
  {
    if: is('service.type', 'ClusterIP'),
    then: { properties: { service: { properties: { nodePort: { type: 'null' } } } } },
  },
];
