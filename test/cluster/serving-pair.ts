import { readFileSync } from 'node:fs';
import { makeControlPlanePki } from './control-plane-pki.js';

/** A certificate for 127.0.0.1 and these names with its key, and the file of its CA, in a directory. */
export async function servingPair(directory: string, ...servingNames: readonly string[]) {
  const pki = await makeControlPlanePki(directory, { separateClientCa: false, servingNames });
  const pair = {
    cert: readFileSync(pki.servingCertificateFile, 'utf8'),
    key: readFileSync(pki.servingKeyFile, 'utf8'),
  };
  return { caFile: pki.caFile, pair };
}
