import { access } from 'node:fs/promises';
import { reasonOf } from '../config/file-reason.js';
import type { IssuerConfig, LocalCAConfig } from '../config/issuer-config.js';
import { AgentKey } from './keys/agent-key.js';
import { type CaKey, measuredKey } from './keys/ca-key.js';
import type { KeyMeasures } from '../model/measures.js';
import type { Store } from '../store/store.js';
import { type CertifiedIssuer, ClusterIssuers, type LoadedIssuer } from './cluster-issuers.js';
import {
  generateMissingAuthority,
  type IssuerCertificates,
  type IssuerProblem,
  readCertificates,
  readIssuer,
  type ReadIssuer,
  type ReadParts,
} from './issuer-files.js';
import {
  IssuersRefusedError,
  type KnownIssuer,
  planRecords,
  recordIssuers,
  requestedSubjectOf,
  sentenceOf,
  toRecord,
} from './issuer-records.js';

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
  parts: ReadParts,
): Promise<JudgedIssuers> {
  const { clock, remark } = parts;
  const read: ReadIssuer[] = [];
  const problems: IssuerProblem[] = [];
  for (const config of issuers) {
    const { name } = config;
    const one = await readIssuer(cluster, config, parts);
    const found = [...(listed ? [] : await whyMissing(config)), ...one.problems];
    const isRetired = recorded.some((row) => row.name === name && row.state === 'retired');
    // The files of a retired issuer may go, once its CA is out of the bundle.
    if (isRetired) for (const { place, message } of found) remark(name, place, { cluster, issuer: name }, message);
    else problems.push(...found);
    if (found.length === 0) read.push(one);
  }
  // Every issuer of the configuration is compared with the records. An issuer whose files cannot be read is not gone.
  const toBeRecorded = issuers.map((config) => {
    const { fileKey = null, certificates = null } = read.find((one) => one.config === config) ?? {};
    return toRecord(config, fileKey, certificates);
  });
  const plan = planRecords(cluster, toBeRecorded, recorded, clock());
  problems.push(...plan.problems);
  if (problems.length === 0) for (const warning of plan.warnings) remark('', '', { cluster }, warning);
  return { cluster, read, problems };
}

/** Without a list of issuers nobody asks for a certificate. So a missing file is a wrong path. */
const whyMissing = ({ name, certFile }: IssuerConfig): Promise<readonly IssuerProblem[]> =>
  access(certFile).then(
    () => [],
    (error: unknown) => [{ issuer: name, place: '/certFile', message: reasonOf(error) }],
  );

interface StartParts extends Omit<ReadParts, 'remark'> {
  readonly store: Store;
  readonly log: { info(fields: object, message: string): void; warn(fields: object, message: string): void };
}

/**
 * Judges the issuers of all clusters, by the cluster's name. Where the embedded default has no CA, makes its CA.
 * Throws `IssuersRefusedError` with all that is wrong.
 */
export async function judgeAllIssuers(
  clusters: readonly { readonly cluster: string; readonly config: LocalCAConfig }[],
  { store, log, clock, signatures }: StartParts,
): Promise<ReadonlyMap<string, JudgedIssuers>> {
  const judged = new Map<string, JudgedIssuers>();
  const remark: ReadParts['remark'] = (_issuer, _place, fields, message) => log.warn(fields, message);
  for (const { cluster, config } of clusters) {
    const [first] = config.issuers;
    const recorded = await store.issuers.ofCluster(cluster);
    if (config.generate && first?.key.kind === 'file') {
      const files = { certFile: first.certFile, keyFile: first.key.file };
      await generateMissingAuthority(cluster, files, recorded, clock(), log);
    }
    judged.set(cluster, await judgeIssuers(cluster, config, recorded, { clock, signatures, remark }));
  }
  const problems = [...judged.values()].flatMap((one) => one.problems.map((each) => sentenceOf(one.cluster, each)));
  if (problems.length > 0) throw new IssuersRefusedError(problems);
  return judged;
}

interface OpenParts {
  readonly clock: () => Date;
  readonly store: Store;
  readonly keyMeasures: KeyMeasures;
}

/** Opens the keys of issuers without problems, and records what is new about them. */
export async function openIssuers(judged: JudgedIssuers | undefined, parts: OpenParts): Promise<ClusterIssuers> {
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
function loadIssuer(cluster: string, { config, fileKey, certificates }: ReadIssuer, parts: OpenParts): LoadedIssuer {
  const { name } = config;
  const key =
    fileKey === null
      ? openAgent(cluster, config, certificates, parts)
      : measuredKey(fileKey, cluster, name, parts.keyMeasures);
  const certified = certificates === null ? null : certifiedBy(name, key, certificates);
  return { name, key, certified, requestedSubject: requestedSubjectOf(config) };
}

function openAgent(
  cluster: string,
  { name, key }: IssuerConfig,
  certificates: IssuerCertificates | null,
  { clock, keyMeasures }: OpenParts,
): CaKey {
  if (key.kind !== 'agent') throw new TypeError(`the key of issuer "${name}" is in no agent`);
  const wanted = certificates === null ? { label: key.label ?? '' } : { publicKey: certificates.authority.publicKey };
  return measuredKey(new AgentKey(key.socket, wanted, { clock }), cluster, name, keyMeasures);
}

const certifiedBy = (name: string, key: CaKey, { ended: _ended, ...own }: IssuerCertificates): CertifiedIssuer => ({
  name,
  key,
  ...own,
});

export interface FollowParts extends OpenParts {
  /** Why these certificates must not be used beside the certificates of other clusters; null: they may. */
  readonly whyNot: (certificates: IssuerCertificates) => Promise<string | null>;
  readonly log: { error(fields: object, message: string): void };
  /** Reads files by `load`, and again whenever they change; what it throws is told, and tried again. */
  readonly keep: (options: {
    readonly files: readonly string[];
    readonly load: (remarks: { warn(fields: object, message: string): void }) => Promise<boolean>;
    readonly isSame: (one: boolean, other: boolean) => boolean;
    readonly told: { readonly fields: object; readonly replaced: string; readonly refused: string };
  }) => Promise<unknown>;
}

/** Between two looks at agents that have not told the key of an issuer without a certificate. */
const lookMilliseconds = 5000;

/**
 * Waits for the certificate of each issuer without one. When its file appears, the certificate is judged as at a start,
 * and its issuer is `next` from then on. Records issuers whose agents tell their keys only later. Returns how to stop.
 */
export async function followIssuerFiles(
  issuers: ClusterIssuers,
  configs: readonly IssuerConfig[],
  parts: FollowParts,
): Promise<() => void> {
  const { cluster } = issuers;
  for (const config of configs) {
    const { name, certFile, anchorFile } = config;
    if (issuers.loaded(name)?.certified !== null) continue;
    await parts.keep({
      files: anchorFile === null ? [certFile] : [certFile, anchorFile],
      load: (remarks) => {
        const remark: ReadParts['remark'] = (_issuer, _place, fields, message) => remarks.warn(fields, message);
        return certifyWhereFileIs(issuers, config, configs, { ...parts, remark });
      },
      isSame: (one, other) => one === other,
      told: {
        fields: { cluster, issuer: name },
        replaced: 'the certificate of an issuer is there',
        refused: 'the certificate of an issuer cannot be used as it is now: the issuer stays without one',
      },
    });
  }
  const timer = setInterval(() => {
    recordKeysThatCame(issuers, configs, parts).catch((error: unknown) => {
      parts.log.error({ err: error, cluster }, 'the key of an issuer could not be recorded');
    });
  }, lookMilliseconds).unref();
  return () => {
    clearInterval(timer);
  };
}

/** Whether the issuer has a certificate by now. Throws where the certificate in its file cannot be used. */
async function certifyWhereFileIs(
  issuers: ClusterIssuers,
  config: IssuerConfig,
  configs: readonly IssuerConfig[],
  parts: FollowParts & Pick<ReadParts, 'remark'>,
): Promise<boolean> {
  const { cluster } = issuers;
  const { name, certFile, key } = config;
  const before = issuers.loaded(name);
  if (before === null || before.certified !== null) return before !== null;
  const { certificates, problems } = await readCertificates(cluster, config, parts);
  if (problems.length > 0) throw new Error(problems.map((problem) => sentenceOf(cluster, problem)).join('; '));
  if (certificates === null) return false;
  const { publicKey } = certificates.authority;
  if (before.key.publicKey()?.equals(publicKey) === false)
    throw new Error(
      `cluster "${cluster}", issuer "${name}": ${certFile} is the certificate of another key; have one signed for the key of its certification request`,
    );
  const shared = await parts.whyNot(certificates);
  if (shared !== null) throw new Error(shared);
  const others = issuers.all().filter((one) => one.name !== name);
  const listed = [...loadedToRecord(configs, others), toRecord(config, before.key, certificates)];
  await recordIssuers(cluster, listed, parts.store, parts.clock());
  // From now on an agent is asked for the key of the certificate, whatever its comment is.
  const ownKey = key.kind === 'agent' ? openAgent(cluster, config, certificates, parts) : before.key;
  issuers.replace({ ...before, key: ownKey, certified: certifiedBy(name, ownKey, certificates) });
  if (ownKey !== before.key) await before.key.close();
  await issuers.refresh();
  return true;
}

/** Records issuers whose agent was away at the start, because an issuer is recorded with its key. */
async function recordKeysThatCame(
  issuers: ClusterIssuers,
  configs: readonly IssuerConfig[],
  { store, clock }: OpenParts,
): Promise<void> {
  const isNew = ({ name, key }: LoadedIssuer) => issuers.stateOf(name) === null && key.publicKey() !== null;
  if (!issuers.all().some(isNew)) return;
  await recordIssuers(issuers.cluster, loadedToRecord(configs, issuers.all()), store, clock());
  await issuers.refresh();
}

/** The issuers of the configuration as this process has them, for another look at what is recorded. */
const loadedToRecord = (configs: readonly IssuerConfig[], loaded: readonly LoadedIssuer[]) =>
  loaded.flatMap((one) => {
    const config = configs.find(({ name }) => name === one.name);
    return config === undefined ? [] : [toRecord(config, one.key, one.certified)];
  });
