import type { CsrCondition, CsrObject } from './csr-object.js';

/** `CertificateSigningRequest` as JSON, as far as it is looked at; what else there is stays in the object. */
export interface WireCsr {
  readonly metadata: WireMetadata;
  readonly spec: {
    readonly request: string;
    readonly signerName: string;
    readonly usages?: readonly string[];
    readonly expirationSeconds?: number;
    readonly username?: string;
    readonly groups?: readonly string[];
  };
  readonly status?: { readonly conditions?: readonly WireCondition[]; readonly certificate?: string };
}

interface WireMetadata {
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly creationTimestamp: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly managedFields?: unknown;
}

interface WireCondition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastUpdateTime?: string;
}

/** What each mapped object was mapped from, for as long as it is in use: an update has to send all of it back. */
const wireOf = new WeakMap<CsrObject, WireCsr>();

export function fromWire(wire: WireCsr): CsrObject {
  const { metadata, spec, status } = wire;
  const csr: CsrObject = {
    name: metadata.name,
    uid: metadata.uid,
    resourceVersion: metadata.resourceVersion,
    createdAt: new Date(metadata.creationTimestamp),
    labels: metadata.labels ?? {},
    annotations: metadata.annotations ?? {},
    request: decode(spec.request),
    signerName: spec.signerName,
    usages: spec.usages ?? [],
    expirationSeconds: spec.expirationSeconds ?? null,
    username: spec.username ?? '',
    groups: spec.groups ?? [],
    conditions: (status?.conditions ?? []).map(condition),
    certificate: status?.certificate === undefined ? null : decode(status.certificate),
  };
  // Who manages which field is the API server's own book-keeping; where it is absent, it keeps what it has.
  const { managedFields: _, ...rest } = metadata;
  wireOf.set(csr, { ...wire, metadata: rest });
  return csr;
}

/** The object that `csr` was mapped from. Throws where it is of another make. */
export function toWire(csr: CsrObject): WireCsr {
  const wire = wireOf.get(csr);
  if (wire === undefined) throw new TypeError(`CSR object ${csr.name} does not come from a cluster`);
  return wire;
}

function condition(wire: WireCondition): CsrCondition {
  return {
    type: wire.type,
    status: wire.status,
    reason: wire.reason ?? '',
    message: wire.message ?? '',
    lastUpdateTime: typeof wire.lastUpdateTime === 'string' ? new Date(wire.lastUpdateTime) : null,
  };
}

const decode = (base64: string): string => Buffer.from(base64, 'base64').toString('utf8');
export const encode = (text: string): string => Buffer.from(text, 'utf8').toString('base64');
