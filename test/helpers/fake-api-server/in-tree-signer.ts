import { randomBytes } from 'node:crypto';
import { kubeApiserverClient } from '../../../src/kubernetes/csr-object.js';
import {
  authorityKeyIdentifierExtension,
  BACKDATE_SECONDS,
  basicConstraintsExtension,
  encodePem,
  extKeyUsageExtension,
  keyPurpose,
  type KeyUsage,
  keyUsageExtension,
  newSerialNumber,
  sealCertificate,
  sign,
  type TbsCertificateFields,
  writeDistinguishedName,
  writeTbsCertificate,
} from '@kubepass/x509';
import type { TestSigningAuthority } from '../signing-authority.js';
import type { Condition, CsrStorage, StoredCsr } from './csr-storage.js';
import { readRequest } from './read-request.js';

/** The behaviour of the signer. Its defaults are those of kube-controller-manager. */
export interface SignerBehaviour {
  /** False: nothing is signed, as without a signing key. Approved objects are signed once it is true again. */
  readonly enabled?: boolean;
  readonly delayMilliseconds?: number;
  /** `--cluster-signing-duration`. */
  readonly maximumSeconds?: number;
  /** Another controller denies each new object with this message. */
  readonly denies?: string;
  /** Signs something else than the request. */
  readonly tamper?: (fields: TbsCertificateFields) => TbsCertificateFields;
}

/** Lifetimes from this on count from the backdated notBefore, shorter ones from now. */
const SHORT_SECONDS = 8 * 3600;

/** kube-controller-manager's signer for `kubernetes.io/kube-apiserver-client`. */
export class InTreeSigner {
  #behaviour: SignerBehaviour = {};
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor(
    private readonly storage: CsrStorage,
    private readonly authority: TestSigningAuthority,
  ) {
    storage.follow(0, ({ type, object }) => {
      if (type !== 'DELETED') this.#consider(object);
    });
  }

  /** Behaves like this from now on, also towards waiting objects. */
  behave(behaviour: SignerBehaviour): void {
    this.#behaviour = behaviour;
    for (const object of this.storage.list()) this.#consider(object);
  }

  stop(): void {
    for (const timer of this.#timers) clearTimeout(timer);
  }

  #consider(csr: StoredCsr): void {
    const { enabled = true, delayMilliseconds = 0, denies } = this.#behaviour;
    const has = (type: string) => csr.status.conditions?.some((condition) => condition.type === type) === true;
    if (csr.spec.signerName !== kubeApiserverClient || has('Denied') || has('Failed')) return;
    if (denies !== undefined && !has('Approved')) {
      // This happens before anybody can approve the object, so the order is not left to chance.
      queueMicrotask(() => {
        this.#addCondition(csr, { type: 'Denied', status: 'True', reason: 'NotHere', message: denies });
      });
      return;
    }
    if (!enabled || !has('Approved') || csr.status.certificate !== undefined) return;
    this.#later(delayMilliseconds, async () => {
      if (this.#behaviour.enabled !== false) await this.#sign(csr);
    });
  }

  async #sign(csr: StoredCsr): Promise<void> {
    const { usages } = csr.spec;
    const unfit = usages.find((usage) => !['client auth', 'digital signature', 'key encipherment'].includes(usage));
    if (unfit !== undefined || !usages.includes('client auth')) {
      this.#addCondition(csr, {
        type: 'Failed',
        status: 'True',
        reason: 'SignerValidationFailure',
        message:
          unfit === undefined
            ? 'missing required usage for client certificate: client auth'
            : `invalid usage for client certificate: ${unfit}`,
      });
      return;
    }
    const fields = await this.#fieldsOf(csr, new Date());
    const { signatureAlgorithm, privateKey } = this.authority;
    const tbs = writeTbsCertificate(this.#behaviour.tamper?.(fields) ?? fields);
    const certificate = sealCertificate(tbs, signatureAlgorithm, await sign(signatureAlgorithm, tbs, privateKey));
    const pem = encodePem('CERTIFICATE', certificate);
    const now = this.#unchanged(csr);
    if (now !== undefined)
      this.storage.setStatus(csr.metadata.name, {
        ...now.status,
        certificate: Buffer.from(pem).toString('base64'),
      });
  }

  async #fieldsOf(csr: StoredCsr, now: Date): Promise<TbsCertificateFields> {
    const { authority } = this;
    const { usages, expirationSeconds } = csr.spec;
    const request = await readRequest(Buffer.from(csr.spec.request, 'base64').toString('utf8'));
    if ('problem' in request) throw new Error(request.problem);
    const maximum = this.#behaviour.maximumSeconds ?? 365 * 24 * 3600;
    const seconds = Math.max(600, Math.min(expirationSeconds ?? maximum, maximum));
    const notBefore = now.getTime() - BACKDATE_SECONDS * 1000;
    const from = seconds < SHORT_SECONDS ? now.getTime() : notBefore;
    const keyUsages: KeyUsage[] = [
      ...(usages.includes('digital signature') ? (['digitalSignature'] as const) : []),
      ...(usages.includes('key encipherment') ? (['keyEncipherment'] as const) : []),
    ];
    return {
      serialNumber: newSerialNumber(now, randomBytes),
      signatureAlgorithm: authority.signatureAlgorithm,
      issuer: authority.subjectRaw,
      notBefore: new Date(notBefore),
      notAfter: new Date(Math.min(from + seconds * 1000, authority.notAfter.getTime())),
      // Go writes all O values as one RDN.
      subject: writeDistinguishedName([
        ...(request.organizations.length === 0 ? [] : [{ O: request.organizations }]),
        ...(request.commonName === undefined ? [] : [{ CN: [request.commonName] }]),
      ]),
      subjectPublicKeyInfo: request.subjectPublicKeyInfo,
      extensions: [
        ...(keyUsages.length === 0 ? [] : [keyUsageExtension(keyUsages)]),
        extKeyUsageExtension([keyPurpose.clientAuth]),
        basicConstraintsExtension(false),
        ...(authority.subjectKeyIdentifier === null
          ? []
          : [authorityKeyIdentifierExtension(authority.subjectKeyIdentifier)]),
        ...(request.subjectAltName === null ? [] : [request.subjectAltName]),
      ],
    };
  }

  #addCondition(csr: StoredCsr, condition: Condition): void {
    const now = this.#unchanged(csr);
    if (now === undefined) return;
    const time = `${new Date().toISOString().slice(0, 19)}Z`;
    this.storage.setStatus(csr.metadata.name, {
      ...now.status,
      conditions: [...(now.status.conditions ?? []), { ...condition, lastUpdateTime: time, lastTransitionTime: time }],
    });
  }

  /** The object if it is still in this version; each new version is considered by itself. */
  #unchanged(csr: StoredCsr): StoredCsr | undefined {
    const now = this.storage.find(csr.metadata.name);
    return now?.metadata.resourceVersion === csr.metadata.resourceVersion ? now : undefined;
  }

  #later(milliseconds: number, act: () => Promise<void>): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      void act();
    }, milliseconds);
    this.#timers.add(timer);
  }
}
