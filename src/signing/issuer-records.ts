import type { IssuerConfig } from '../config/issuer-config.js';
import { auditEvent } from '../model/audit-event.js';
import { defaultIssuer, type RecordedIssuer } from '../model/issuer.js';
import type { Step } from '../store/steps/step.js';
import type { Store } from '../store/store.js';
import { certifyIssuer, insertIssuer, moveIssuer, renameIssuer } from '../store/tables/cluster-issuer-table.js';
import {
  displayDistinguishedName,
  onlyElement,
  readDistinguishedName,
  sha256,
  writeDistinguishedName,
} from '@kubepass/x509';
import type { IssuerCertificates, IssuerProblem } from './issuer-files.js';
import type { CaKey } from './keys/ca-key.js';

/** An issuer of the configuration, as far as it is to be recorded. */
export interface IssuerToRecord {
  readonly name: string;
  /** Null while its key is not known: an agent is to find it by its label, and has not answered. */
  readonly spkiSha256: string | null;
  /** Null while it has no certificate. */
  readonly certificate: {
    readonly fingerprintSha256: string;
    /** Reasons why a CA above it is at its end. */
    readonly ended: readonly string[];
  } | null;
  /** DER of the subject of its certificate, or of the one that it asks for; null where neither is known. */
  readonly subjectRaw: Buffer | null;
  /** Where its certificate is to be. */
  readonly certFile: string;
}

/** An issuer as its files and its key have it. */
export function toRecord(
  config: IssuerConfig,
  key: CaKey | null,
  certificates: (Pick<IssuerCertificates, 'authority'> & Partial<IssuerCertificates>) | null,
): IssuerToRecord {
  const publicKey = key?.publicKey()?.export({ type: 'spki', format: 'der' });
  const authority = certificates?.authority;
  return {
    name: config.name,
    certFile: config.certFile,
    spkiSha256: authority?.spkiSha256 ?? (publicKey ? sha256(publicKey) : null),
    certificate: authority ? { fingerprintSha256: authority.fingerprintSha256, ended: certificates.ended ?? [] } : null,
    subjectRaw: authority?.subjectRaw ?? requestedSubjectOf(config),
  };
}

/** DER of the subject that the configuration names; null where the configuration names no subject. */
export const requestedSubjectOf = ({ subject }: IssuerConfig): Buffer | null =>
  subject &&
  writeDistinguishedName([...subject.organization.map((name) => ({ O: [name] })), { CN: [subject.commonName] }]);

/** The parts of an issuer in the database that a plan looks at. */
export type KnownIssuer = Pick<RecordedIssuer, 'name' | 'state' | 'spkiSha256' | 'fingerprints'>;

interface RecordsPlan {
  readonly problems: readonly IssuerProblem[];
  readonly warnings: readonly string[];
  /** Makes the records those of the configuration; without operations where they are. */
  readonly step: Pick<Step, 'operations' | 'events'>;
}

/**
 * Works out what the database is to know of the issuers of a cluster, and why it must not be served with them. An
 * issuer is recorded with its key, and no other key starts under its name. Where a cluster has none yet, the first one
 * with a certificate is active.
 */
export function planRecords(
  cluster: string,
  listed: readonly IssuerToRecord[],
  recorded: readonly KnownIssuer[],
  now: Date,
): RecordsPlan {
  const renamed = renamedTo(listed, recorded);
  const known = recorded.map((one) =>
    renamed !== null && one.name === defaultIssuer ? { ...one, name: renamed } : one,
  );
  const problems = [...whyAlike(listed), ...whyGone(cluster, listed, known)];
  const operations: Step['operations'][number][] = [];
  const events: Step['events'][number][] = [];
  if (renamed !== null) operations.push(renameIssuer({ cluster, from: defaultIssuer, to: renamed }));
  const first = known.length > 0 ? undefined : listed.find(({ certificate }) => certificate !== null)?.name;
  for (const one of listed) {
    const row = known.find(({ name }) => name === one.name);
    problems.push(...whyNotAsRecorded(cluster, one, row));
    const { name, spkiSha256, certificate } = one;
    if (spkiSha256 === null) continue;
    const added =
      row === undefined
        ? [insertion(cluster, one, spkiSha256, name === first, now)]
        : changes(cluster, certificate?.fingerprintSha256 ?? null, row, now);
    operations.push(...added);
    if (added.length > 0 || renamed === name) {
      const details = {
        issuer: name,
        spkiSha256,
        ...(certificate && { fingerprintSha256: certificate.fingerprintSha256 }),
      };
      events.push(auditEvent('CertificateAuthorityPinned', now, null, details, { cluster }));
    }
  }
  const warnings = known.flatMap(({ name, state }) => {
    const one = listed.find((issuer) => issuer.name === name);
    if (one?.certificate === null && state !== 'uncertified')
      return [`issuer "${name}" is ${state}, and its certificate is missing here: put ${one.certFile} back`];
    return state === 'retiring' && one === undefined
      ? [
          `issuer "${name}" is retiring, and the configuration does not have it any more: the client CAs of the cluster cannot be read here, and nobody signs its lists; put it back until it is retired`,
        ]
      : [];
  });
  return { problems, warnings, step: { operations, events } };
}

/** The issuer that `default` is to be called by, once the configuration names issuers; null where there is none. */
function renamedTo(listed: readonly IssuerToRecord[], recorded: readonly KnownIssuer[]): string | null {
  const former = recorded.find(({ name }) => name === defaultIssuer);
  if (former === undefined || listed.some(({ name }) => name === defaultIssuer)) return null;
  const isNew = ({ name }: IssuerToRecord) => !recorded.some((row) => row.name === name);
  return listed.find((one) => isNew(one) && one.spkiSha256 === former.spkiSha256)?.name ?? null;
}

function insertion(
  cluster: string,
  { name, certificate }: IssuerToRecord,
  spkiSha256: string,
  isFirst: boolean,
  now: Date,
): Step['operations'][number] {
  const state = certificate === null ? 'uncertified' : isFirst ? 'active' : 'next';
  const fingerprints = certificate === null ? [] : [certificate.fingerprintSha256];
  return insertIssuer({ cluster, name, state, since: now, spkiSha256, fingerprints, probe: null });
}

function changes(
  cluster: string,
  fingerprintSha256: string | null,
  { name, state, fingerprints }: KnownIssuer,
  now: Date,
): readonly Step['operations'][number][] {
  if (fingerprintSha256 === null) return [];
  const certified = certifyIssuer({ cluster, name, fingerprintSha256 });
  if (state === 'uncertified')
    return [moveIssuer({ cluster, name, from: 'uncertified', to: 'next', at: now }), certified];
  return fingerprints.at(-1) === fingerprintSha256 ? [] : [certified];
}

/** Why an issuer must not be used with what is recorded under its name. */
function whyNotAsRecorded(
  cluster: string,
  { name, spkiSha256, certificate, certFile }: IssuerToRecord,
  row: KnownIssuer | undefined,
): readonly IssuerProblem[] {
  const problem = (message: string): IssuerProblem => ({ issuer: name, place: '', message });
  const problems: IssuerProblem[] = [];
  if (row !== undefined && spkiSha256 !== null && row.spkiSha256 !== spkiSha256)
    problems.push(
      problem(
        `cluster "${cluster}" was served with another CA (SPKI SHA-256 ${row.spkiSha256}, now ${spkiSha256}): ` +
          `put that CA back under the name "${name}", or give the one of ${certFile} another name`,
      ),
    );
  // One in use is served to its end and beyond: it answers for what it signed.
  if (row === undefined || row.state === 'uncertified')
    for (const reason of certificate?.ended ?? [])
      problems.push(problem(`${certFile}: ${reason}; name a chain that has not ended, or an anchor that has not`));
  return problems;
}

/** Why an issuer that signs must not be missing. */
function whyGone(
  cluster: string,
  listed: readonly IssuerToRecord[],
  known: readonly KnownIssuer[],
): readonly IssuerProblem[] {
  return known
    .filter(({ name, state }) => state === 'active' && !listed.some((one) => one.name === name))
    .map(({ name, spkiSha256 }) => ({
      issuer: name,
      place: '',
      message: `it is active, and the configuration does not have it any more: put it back into the issuers of cluster "${cluster}" (SPKI SHA-256 ${spkiSha256}), or activate another one before`,
    }));
}

/** Why two issuers of a cluster are too much alike: whoever reads a certificate has to know which of them signed it. */
function whyAlike(listed: readonly IssuerToRecord[]): readonly IssuerProblem[] {
  return listed.flatMap((one, i) => {
    const earlier = listed.slice(0, i);
    const same = earlier.find(
      ({ certificate }) => certificate !== null && certificate.fingerprintSha256 === one.certificate?.fingerprintSha256,
    );
    const sisters = earlier.filter((other) => isNamedAlike(one, other) && other.spkiSha256 !== one.spkiSha256);
    const problem = (message: string): IssuerProblem => ({ issuer: one.name, place: '', message });
    return [
      ...(same === undefined
        ? []
        : [problem(`${one.certFile} is the certificate of issuer "${same.name}" too: name each CA once`)]),
      ...sisters.map(({ name }) =>
        problem(
          `it has the subject of issuer "${name}" and another key: a certificate would not say which of the two signed it; give each CA a subject of its own`,
        ),
      ),
    ];
  });
}

const isNamedAlike = (one: IssuerToRecord, other: IssuerToRecord): boolean =>
  one.subjectRaw !== null && other.subjectRaw !== null && nameOf(one.subjectRaw) === nameOf(other.subjectRaw);

/** The name as people read it, so that a PrintableString and a UTF8String with the same text are one. */
const nameOf = (subjectRaw: Buffer): string =>
  displayDistinguishedName(readDistinguishedName(onlyElement(subjectRaw, 'a subject')));

/** A problem in a sentence that names the cluster, the issuer and the file. */
export const sentenceOf = (cluster: string, { issuer, message }: IssuerProblem): string =>
  message.startsWith(`cluster "${cluster}"`) ? message : `cluster "${cluster}", issuer "${issuer}": ${message}`;

/** The issuers cannot be served: `problems` are for people. */
export class IssuersRefusedError extends Error {
  override readonly name = 'IssuersRefusedError';
  constructor(readonly problems: readonly string[]) {
    super(
      problems.length === 1
        ? problems[0]
        : `the issuers cannot be served:\n${problems.map((each) => `  ${each}`).join('\n')}`,
    );
  }
}

const triesToRecord = 5;

/**
 * Brings the records of a cluster's issuers in line with the configuration. Where another replica does the same, it
 * looks again. Throws `IssuersRefusedError` where they contradict each other.
 */
export function recordIssuers(
  cluster: string,
  listed: readonly IssuerToRecord[],
  store: Pick<Store, 'alone' | 'issuers' | 'writer'>,
  now: Date,
): Promise<void> {
  return store.alone(async () => {
    for (let tries = 0; tries < triesToRecord; tries++) {
      const { problems, step } = planRecords(cluster, listed, await store.issuers.ofCluster(cluster), now);
      if (problems.length > 0) throw new IssuersRefusedError(problems.map((each) => sentenceOf(cluster, each)));
      if (step.operations.length === 0 || (await store.writer.commit(step)).committed) return;
    }
    throw new Error(`the issuers of cluster "${cluster}" could not be recorded`);
  });
}
