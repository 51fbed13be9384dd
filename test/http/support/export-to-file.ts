import { execFile } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { isInstalled } from '../../helpers/is-installed.js';

const hasCurl = isInstalled('curl');

/** Writes what the service answers into a file, as an auditor does it: with curl. */
export async function exportToFile(
  url: string,
  file: string,
  { token, accept }: { readonly token: string; readonly accept: string },
): Promise<void> {
  const headers = { authorization: `Bearer ${token}`, accept };
  if (hasCurl) {
    const each = Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`]);
    await promisify(execFile)('curl', ['-sS', '--fail-with-body', '-o', file, ...each, url]);
    return;
  }
  const answer = await fetch(url, { headers });
  if (!answer.ok || answer.body === null) throw new Error(`${url} answered ${answer.status}`);
  await pipeline(Readable.fromWeb(answer.body), createWriteStream(file));
}
