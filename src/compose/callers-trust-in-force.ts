import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import type { ClientCertificatesConfig } from '../config/callers-config.js';
import { readCallersTrust, type CallersTrust } from '../identity/callers-trust.js';
import type { Log } from '../issuance/context.js';
import { watchSteadily } from '../workers/steady-watch.js';
import { displayDistinguishedName } from '../x509/strict/distinguished-name.js';
import { fileReading } from './file-reading.js';

export interface CallersTrustInForce {
  current(): CallersTrust;
  /** Calls `use` with each later one. */
  follow(use: (trust: CallersTrust) => void): void;
  /** Reads the files now. If they cannot be used, what is in force stays, and the log says so. */
  reload(): Promise<void>;
  stop(): void;
}

export interface CallersTrustOptions {
  readonly clock: () => Date;
  readonly intervalMilliseconds: number;
  /** Why these CAs must not be used; null where they may. */
  readonly whyNot: (trust: CallersTrust) => string | null;
}

type Files = Pick<ClientCertificatesConfig, 'certificateAuthorityFile' | 'revocationListFile'>;

/**
 * The CAs of callers and their CRLs, kept equal to their files. Files that cannot be used replace none. Throws where the first
 * ones cannot be used.
 */
export async function openCallersTrust(
  files: Files,
  log: Log,
  { clock, intervalMilliseconds, whyNot }: CallersTrustOptions,
): Promise<CallersTrustInForce> {
  const { certificateAuthorityFile, revocationListFile } = files;
  const names =
    revocationListFile === null ? [certificateAuthorityFile] : [certificateAuthorityFile, revocationListFile];
  const load = async (): Promise<CallersTrust> => {
    const trust = await read(files);
    const why = whyNot(trust);
    if (why !== null) throw new Error(why);
    warnOfEnded(trust, clock(), log);
    return trust;
  };

  const { reading } = await fileReading(names);
  let current = await load();
  const followers: ((trust: CallersTrust) => void)[] = [];
  const replace = async (): Promise<void> => {
    try {
      const next = await load();
      for (const use of followers) use(next);
      current = next;
      log.info({ authorities: next.authorities.length }, 'the CAs of callers, or their CRLs, were read again');
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      log.error({ reason }, 'the CAs of callers, or their CRLs, cannot be used as they are now: those in force stay');
    }
  };
  const watch = watchSteadily({
    read: () => fileReading(names),
    initial: reading,
    intervalMilliseconds,
    act: replace,
    onFailure(error) {
      log.error({ err: error }, 'the files of callers could not be looked at');
    },
  });
  return {
    current: () => current,
    follow(use) {
      followers.push(use);
    },
    reload: () => watch.again(),
    stop: () => {
      watch.stop();
    },
  };
}

async function read({ certificateAuthorityFile, revocationListFile }: Files): Promise<CallersTrust> {
  const pem = await readFile(certificateAuthorityFile, 'utf8');
  const lists = revocationListFile === null ? null : await readFile(revocationListFile, 'utf8');
  try {
    const trust = await readCallersTrust(pem, lists);
    createSecureContext({ ca: pem });
    return trust;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const where = revocationListFile === null ? '' : ` and ${revocationListFile}`;
    throw new Error(`callers.clientCertificates: ${certificateAuthorityFile}${where}: ${reason}`, { cause: error });
  }
}

function warnOfEnded({ authorities }: CallersTrust, now: Date, log: Log): void {
  for (const { certificate, list } of authorities) {
    const authority = displayDistinguishedName(certificate.subject);
    const { notAfter } = certificate;
    if (now > notAfter) log.warn({ authority, notAfter }, 'a CA of callers has ended: its certificates are refused');
    if (list !== null && now > list.nextUpdate)
      log.warn({ authority, nextUpdate: list.nextUpdate }, 'a CRL of callers has ended: nobody gets in by its CA');
  }
}
