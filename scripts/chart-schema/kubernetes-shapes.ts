import { closed, type JsonSchema, listOf, mapOf, matching, orEmpty } from './json-schema.js';

export const text: JsonSchema = { type: 'string' };
export const filled: JsonSchema = { type: 'string', minLength: 1 };
export const flag: JsonSchema = { type: 'boolean' };
/** An object of a type of Kubernetes, which the API server judges. */
export const anything: JsonSchema = { type: 'object' };
export const port: JsonSchema = { type: 'integer', minimum: 1, maximum: 65_535 };

/** RFC 1123 section 2.1. */
export const label = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
const subdomain = `${label}(?:\\.${label})*`;
/** Most objects of Kubernetes are named so. */
export const objectName = matching(subdomain, { maxLength: 253 });
/** The same, or nothing. */
export const objectNameOrEmpty = orEmpty(subdomain, { maxLength: 253 });
export const labelNameOrEmpty = orEmpty(label);

/** The name of a host; of an Ingress, a certificate or a route the first part may be `*`. */
const hostNames = `(?:\\*\\.)?${subdomain}`;
export const hostName = matching(hostNames, { maxLength: 253 });
export const hostNameOrEmpty = orEmpty(hostNames, { maxLength: 253 });

/** The key of a ConfigMap or Secret. */
export const dataKey = matching('[-._a-zA-Z0-9]+', { maxLength: 253 });
const keyOf = { name: objectName, key: dataKey };
/** A key of a Secret that has to be there. `key` may have a default of the chart. */
export const secretKey = closed(keyOf, { required: ['name', 'key'] });
export const secretKeyOrDefault = closed(keyOf, { required: ['name'] });
/** A key of a Secret; without a name there is none. */
export const secretKeyOrNone = closed({ name: objectNameOrEmpty, key: dataKey });

/** Quantities such as `768Mi` or `100m`; YAML reads `1` as a number. */
const quantities = '[+]?(?:[0-9]+(?:\\.[0-9]*)?|\\.[0-9]+)(?:[numkMGTPE]|[KMGTPE]i|[eE][+-]?[0-9]+)?';
export const quantity: JsonSchema = matching(quantities);
const quantityOrNumber: JsonSchema = { type: ['string', 'number'], minimum: 0, pattern: `^(?:${quantities})$` };
const quantitiesByName: JsonSchema = { type: 'object', additionalProperties: quantityOrNumber };
export const resources: JsonSchema = {
  type: 'object',
  properties: { requests: quantitiesByName, limits: quantitiesByName, claims: listOf(anything) },
};

const labelKey = `(?:${subdomain}/)?[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?`;
export const labels = mapOf(labelKey, orEmpty('[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?'));
export const annotations = mapOf(labelKey, text);

/** Durations of Go in whole seconds: `2160h`, `2160h0m0s`. */
export const goDuration = matching('[0-9]+h(?:[0-9]+m)?(?:[0-9]+s)?|[0-9]+m(?:[0-9]+s)?|[0-9]+s');
/** Durations of Prometheus. */
export const prometheusDuration = matching(
  '(?:[0-9]+y)?(?:[0-9]+w)?(?:[0-9]+d)?(?:[0-9]+h)?(?:[0-9]+m)?(?:[0-9]+s)?(?:[0-9]+ms)?',
  {
    minLength: 1,
  },
);

/** Objects of Kubernetes that have a name among others. */
export const named: JsonSchema = { type: 'object', required: ['name'], properties: { name: filled } };
export const manifest: JsonSchema = {
  type: 'object',
  required: ['apiVersion', 'kind'],
  properties: { apiVersion: filled, kind: filled },
};
/** A number of pods, or a part of them: `1`, `50%`. */
export const numberOrPercentage: JsonSchema = { type: ['integer', 'string'], minimum: 0, pattern: '^[0-9]+%$' };
