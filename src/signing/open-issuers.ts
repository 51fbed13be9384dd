import { access } from 'node:fs/promises';
import { reasonOf } from '../config/file-reason.js';
import type { IssuerConfig, LocalCAConfig } from '../config/issuer-config.js';
import { AgentKey } from './keys/agent-key.js';
import { type CaKey, measuredKey } from './keys/ca-key.js';
import type { KeyMeasures } from '../model/measures.js';
import type { RecordedIssuer } from '../model/issuer.js';
import type { Store } from '../store/store.js';
import { type Signatures, writeDistinguishedName } from '@kubepass/x509';
import { generateMissingAuthority } from './certificate-authority-files.js';
import { ClusterIssuers, type LoadedIssuer } from './cluster-issuers.js';
import { type IssuerToRecord, type KnownIssuer, planRecords, spkiSha256Of } from './issuer-records.js';
import { type IssuerPlace, type IssuerProblem, readIssuer, type ReadIssuer } from './read-issuer.js';

export interface JudgeParts {
  readonly clock: () => Date;
  readonly signatures: Signatures;
  /** Is told what does not keep an issuer from being used. */
  readonly remark: (issuer: string, place: IssuerPlace, fields: object, message: string) => void;
}

/** The issuers of a cluster as its files have them. */
export interface JudgedIssuers {
  readonly cluster: string;
  /** The issuers that can be used. */
  readonly read: readonly ReadIssuer[];
  /** A start refuses the configuration for each of them. */
  readonly problems: readonly IssuerProblem[];
}

/** Reads the files of all issuers of a cluster, and finds all that is wrong with them or with the records. */
export async function judgeIssuers(
  cluster: string,
  { issuers, listed }: LocalCAConfig,
  recorded: readonly KnownIssuer[],
  { clock, signatures, remark }: JudgeParts,
): Promise<JudgedIssuers> {
  const read: ReadIssuer[] = [];
  const problems: IssuerProblem[] = [];
  for (const config of issuers) {
    const { name } = config;
    const remarkOn = (place: IssuerPlace, fields: object, message: string) => remark(name, place, fields, message);
    const one = await readIssuer(config, { cluster, clock, signatures, remark: remarkOn });
    const found = [...(listed ? [] : await whyMissing(config)), ...one.problems];
    const isRetired = recorded.some((row) => row.name === name && row.state === 'retired');
    // Its files may go, once it is out of the bundle.
    if (isRetired) for (const { place, message } of found) remarkOn(place, { cluster, issuer: name }, message);
    else problems.push(...found);
    if (found.length === 0) read.push(one);
  }
  const plan = planRecords(cluster, issuersToRecord(issuers, read), recorded, clock());
  problems.push(...plan.problems);
  if (problems.length === 0) for (const warning of plan.warnings) remark('', '', { cluster }, warning);
  return { cluster, read, problems };
}

/** Without a list of issuers nobody asks for a certificate: it is a wrong path. */
const whyMissing = ({ name, certFile }: IssuerConfig): Promise<readonly IssuerProblem[]> =>
  access(certFile).then(
    () => [],
    (error: unknown) => [{ issuer: name, place: '/certFile', message: reasonOf(error) }],
  );

/** All that the configuration lists: one that cannot be read is not gone. */
const issuersToRecord = (issuers: readonly IssuerConfig[], read: readonly ReadIssuer[]): readonly IssuerToRecord[] =>
  issuers.map((config) => {
    const one = read.find((each) => each.config === config);
    return toRecord(config, one?.fileKey ?? null, one?.certificates ?? null);
  });

export function toRecord(
  config: IssuerConfig,
  key: CaKey | null,
  certificates: ReadIssuer['certificates'] | LoadedIssuer['certified'],
): IssuerToRecord {
  const publicKey = key?.publicKey() ?? null;
  const { authority = null } = certificates ?? {};
  return {
    name: config.name,
    certFile: config.certFile,
    spkiSha256: authority?.spkiSha256 ?? (publicKey && spkiSha256Of(publicKey)),
    certificate: authority && {
      fingerprintSha256: authority.fingerprintSha256,
      ended: certificates !== null && 'ended' in certificates ? certificates.ended : [],
    },
    subjectRaw: authority?.subjectRaw ?? requestedSubjectOf(config),
  };
}

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

interface StartParts extends Omit<JudgeParts, 'remark'> {
  readonly store: Store;
  readonly log: { info(fields: object, message: string): void; warn(fields: object, message: string): void };
}

/**
 * Judges the issuers of all clusters, by the cluster's name, and makes the CA of the embedded default where there is
 * none. Throws `IssuersRefusedError` with all that is wrong.
 */
export async function judgeAllIssuers(
  clusters: readonly { readonly cluster: string; readonly config: LocalCAConfig }[],
  { store, log, clock, signatures }: StartParts,
): Promise<ReadonlyMap<string, JudgedIssuers>> {
  const judged = new Map<string, JudgedIssuers>();
  for (const { cluster, config } of clusters) {
    const [first] = config.issuers;
    if (config.generate && first?.key.kind === 'file')
      await generateMissingAuthority(
        cluster,
        { certFile: first.certFile, keyFile: first.key.file },
        store,
        clock(),
        log,
      );
    const recorded = await store.issuers.ofCluster(cluster);
    const remark: JudgeParts['remark'] = (_issuer, _place, fields, message) => log.warn(fields, message);
    judged.set(cluster, await judgeIssuers(cluster, config, recorded, { clock, signatures, remark }));
  }
  const problems = [...judged.values()].flatMap((one) => one.problems.map((each) => sentenceOf(one.cluster, each)));
  if (problems.length > 0) throw new IssuersRefusedError(problems);
  return judged;
}

/** A problem in a sentence that names the cluster, the issuer and the file. */
export const sentenceOf = (cluster: string, { issuer, message }: IssuerProblem): string =>
  message.startsWith(`cluster "${cluster}"`) ? message : `cluster "${cluster}", issuer "${issuer}": ${message}`;

export interface IssuerParts {
  readonly clock: () => Date;
  readonly store: Store;
  readonly keyMeasures: KeyMeasures;
}

/** Opens the keys of issuers without problems, and records what is new about them. */
export async function openIssuers(judged: JudgedIssuers | undefined, parts: IssuerParts): Promise<ClusterIssuers> {
  if (judged === undefined) throw new TypeError('the issuers were not judged');
  const { cluster, read } = judged;
  const { clock, store } = parts;
  const loaded = read.map((one) => loadIssuer(cluster, one, parts));
  // An agent that is here tells the key of an issuer without a certificate now, and else later.
  await Promise.all(loaded.flatMap(({ key }) => (key.publicKey() === null ? [key.check()] : [])));
  const listed = read.map((one, i) => toRecord(one.config, loaded[i]?.key ?? null, one.certificates));
  await recordIssuers(cluster, listed, store, clock());
  const issuers = new ClusterIssuers(cluster, loaded, () => store.issuers.ofCluster(cluster));
  await issuers.refresh();
  return issuers;
}

/** Makes an issuer of its files. Its key in an agent is looked for from now on. */
function loadIssuer(
  cluster: string,
  { config, fileKey, certificates }: ReadIssuer,
  parts: Pick<IssuerParts, 'clock' | 'keyMeasures'>,
): LoadedIssuer {
  const { name } = config;
  const key =
    fileKey === null
      ? openAgent(cluster, config, certificates, parts)
      : measuredKey(fileKey, cluster, name, parts.keyMeasures);
  return {
    name,
    key,
    certified: certificates === null ? null : certifiedBy(name, key, certificates),
    requestedSubject: requestedSubjectOf(config),
  };
}

export function openAgent(
  cluster: string,
  { name, key }: IssuerConfig,
  certificates: ReadIssuer['certificates'],
  { clock, keyMeasures }: Pick<IssuerParts, 'clock' | 'keyMeasures'>,
): CaKey {
  if (key.kind !== 'agent') throw new TypeError(`the key of issuer "${name}" is in no agent`);
  const wanted = certificates === null ? { label: key.label ?? '' } : { publicKey: certificates.authority.publicKey };
  return measuredKey(new AgentKey(key.socket, wanted, { clock }), cluster, name, keyMeasures);
}

export function certifiedBy(
  name: string,
  key: CaKey,
  { authority, chain, anchors, notBefore, notAfter }: NonNullable<ReadIssuer['certificates']>,
): NonNullable<LoadedIssuer['certified']> {
  return { name, key, authority, chain, anchors, notBefore, notAfter };
}

const requestedSubjectOf = ({ subject }: IssuerConfig): Buffer | null =>
  subject &&
  writeDistinguishedName([...subject.organization.map((name) => ({ O: [name] })), { CN: [subject.commonName] }]);

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
      const recorded: readonly RecordedIssuer[] = await store.issuers.ofCluster(cluster);
      const { problems, step } = planRecords(cluster, listed, recorded, now);
      if (problems.length > 0) throw new IssuersRefusedError(problems.map((each) => sentenceOf(cluster, each)));
      if (step.operations.length === 0 || (await store.writer.commit(step)).committed) return;
    }
    throw new Error(`the issuers of cluster "${cluster}" could not be recorded`);
  });
}

/** The issuers of the configuration as this process has them, for another look at what is recorded. */
export const loadedToRecord = (configs: readonly IssuerConfig[], loaded: readonly LoadedIssuer[]) =>
  loaded.flatMap((one) => {
    const config = configs.find(({ name }) => name === one.name);
    return config === undefined ? [] : [toRecord(config, one.key, one.certified)];
  });
