import { readFile } from 'node:fs/promises';
import { describeCertificateAuthority } from '../kubernetes/certificate-authorities.js';
import type { Log } from '../context/context.js';
import { keepInForce, unchanging, type InForce } from './in-force.js';

/**
 * PEM of the CAs that the certificate of somebody who is called may chain to, kept equal to its file; null without a file: the
 * CAs that Node.js trusts. `fields` say in the log whose they are.
 */
export async function authorityInForce(
  file: string | null,
  fields: object,
  { log, intervalMilliseconds }: { readonly log: Log; readonly intervalMilliseconds: number },
): Promise<InForce<string | null>> {
  if (file === null) return unchanging(null);
  return keepInForce<string | null>({
    files: [file],
    async load() {
      const { pem, certificates } = describeCertificateAuthority(await readFile(file, 'utf8'));
      if (certificates.length === 0) throw new Error(`${file} holds no certificate`);
      return pem;
    },
    isSame: (one, other) => one === other,
    intervalMilliseconds,
    log,
    told: {
      fields,
      replaced: 'another CA file is in force',
      refused: 'a CA file was changed and cannot be used: the one in force stays',
    },
  });
}
