import type { IssuerConfig } from '../config/issuer-config.js';
import type { ClusterIssuers, LoadedIssuer } from './cluster-issuers.js';
import {
  certifiedBy,
  type IssuerParts,
  loadedToRecord,
  openAgent,
  recordIssuers,
  sentenceOf,
  toRecord,
} from './open-issuers.js';
import { type IssuerCertificates, readCertificates } from './read-issuer.js';

export interface FollowParts extends IssuerParts {
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
 * Waits for the certificates of issuers that have none: one whose file appears is judged as at a start, and is `next`
 * from then on. Records issuers whose agents tell their keys only later. Returns how to stop.
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
      load: (remarks) => certifyWhereFileIs(issuers, config, configs, parts, remarks),
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

/** Whether the issuer has a certificate by now. Throws where the one in its file cannot be used. */
async function certifyWhereFileIs(
  issuers: ClusterIssuers,
  config: IssuerConfig,
  configs: readonly IssuerConfig[],
  parts: Pick<FollowParts, keyof IssuerParts | 'whyNot'>,
  remarks: { warn(fields: object, message: string): void },
): Promise<boolean> {
  const { cluster } = issuers;
  const { name, certFile, key } = config;
  const before = issuers.loaded(name);
  if (before === null || before.certified !== null) return before !== null;
  const remark = (_place: unknown, fields: object, message: string) => remarks.warn(fields, message);
  const found = await readCertificates(config, { cluster, clock: parts.clock, remark });
  if (found === null) return false;
  if (!('authority' in found)) throw new Error(found.map((problem) => sentenceOf(cluster, problem)).join('; '));
  const { publicKey } = found.authority;
  if (before.key.publicKey()?.equals(publicKey) === false)
    throw new Error(
      `cluster "${cluster}", issuer "${name}": ${certFile} is the certificate of another key; have one signed for the key of its certification request`,
    );
  const shared = await parts.whyNot(found);
  if (shared !== null) throw new Error(shared);
  const others = issuers.all().filter((one) => one.name !== name);
  const listed = [...loadedToRecord(configs, others), toRecord(config, before.key, found)];
  await recordIssuers(cluster, listed, parts.store, parts.clock());
  // From now on an agent is asked for the key of the certificate, whatever its comment is.
  const ownKey = key.kind === 'agent' ? openAgent(cluster, config, found, parts) : before.key;
  issuers.replace({ ...before, key: ownKey, certified: certifiedBy(name, ownKey, found) });
  if (ownKey !== before.key) await before.key.close();
  await issuers.refresh();
  return true;
}

/** An issuer is recorded with its key, so the one in an agent that was not there is recorded once that tells it. */
async function recordKeysThatCame(
  issuers: ClusterIssuers,
  configs: readonly IssuerConfig[],
  { store, clock }: IssuerParts,
): Promise<void> {
  const isNew = ({ name, key }: LoadedIssuer) => issuers.stateOf(name) === null && key.publicKey() !== null;
  if (!issuers.all().some(isNew)) return;
  await recordIssuers(issuers.cluster, loadedToRecord(configs, issuers.all()), store, clock());
  await issuers.refresh();
}
