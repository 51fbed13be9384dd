import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { createSecretFile } from '../config/secrets.js';
import { defaultIssuer } from '../model/issuer.js';
import type { Store } from '../store/store.js';

/**
 * Makes the CA of the embedded default where the cluster never had one. Both files appear at once, by a rename of their
 * directory, so that no crash leaves half a CA behind. Throws where the cluster had a CA and its files are gone.
 */
export async function generateMissingAuthority(
  cluster: string,
  { certFile, keyFile }: { readonly certFile: string; readonly keyFile: string },
  store: Store,
  now: Date,
  log: { info(fields: object, message: string): void },
): Promise<void> {
  const directory = dirname(certFile);
  if (existsSync(certFile) || existsSync(keyFile)) return;
  const pinned = await pinnedSpkiSha256(cluster, store);
  if (pinned !== null) throw new Error(whyGone(cluster, directory, pinned));
  // Loaded only here, because most starts find a CA.
  const { generateCertificateAuthority } = await import('./generate-certificate-authority.js');
  const made = await generateCertificateAuthority({ commonName: `kubepass-${cluster}-ca`, now, random: randomBytes });
  const temporary = await mkdtemp(`${directory}.`);
  try {
    await createSecretFile(join(temporary, basename(keyFile)), made.privateKeyPem);
    await createSecretFile(join(temporary, basename(certFile)), made.certificatePem);
    await rename(temporary, directory);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
  log.info({ certFile }, 'a CA was generated');
}

async function pinnedSpkiSha256(cluster: string, { issuers }: Store): Promise<string | null> {
  return (await issuers.ofCluster(cluster)).find(({ name }) => name === defaultIssuer)?.spkiSha256 ?? null;
}

/** Why a CA is not generated: there was one. */
export const whyGone = (cluster: string, directory: string, pinned: string): string =>
  `the CA that cluster "${cluster}" was served with (SPKI SHA-256 ${pinned}) is gone from ${directory}: ` +
  'restore that directory from the backup';

/** Why a CA is refused: there was another one. */
export const whyOtherAuthority = (
  cluster: string,
  { name, certFile }: { readonly name: string; readonly certFile: string },
  pinned: string,
  spkiSha256: string,
): string =>
  `cluster "${cluster}" was served with another CA (SPKI SHA-256 ${pinned}, now ${spkiSha256}): ` +
  `put that CA back under the name "${name}", or give the one of ${certFile} another name`;
