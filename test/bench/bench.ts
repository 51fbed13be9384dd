/**
 * `npm run bench`: what the service costs beside what cannot be done without, as ratios within one run. `-- --write`
 * puts the table into docs/performance.md. Ends with 1 where a target is missed.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findClusterSource } from '../cluster/cluster-source.js';
import { temporaryDirectory } from '../helpers/temporary-directory.js';
import { benchCluster, benchUnlimitedCluster } from './bench-cluster.js';
import { benchInspection } from './bench-inspection.js';
import { benchLocalCa } from './bench-local-ca.js';
import { isMet, tableOf, type Row } from './report.js';

const document = fileURLToPath(new URL('../../docs/performance.md', import.meta.url));
const [tableBegins, tableEnds] = ['<!-- npm run bench -- --write: begin -->', '<!-- end -->'] as const;

const say = (text: string): void => console.error(`bench: ${text}`);

async function measureAll(directory: string): Promise<{ readonly rows: readonly Row[]; readonly on: string }> {
  const rows: Row[] = [];
  const source = await findClusterSource(say);
  let on = `Node ${process.versions.node}, ${availableParallelism()} cores for everything together`;
  if (source.kind === 'binaries') {
    on += `, a control plane from ${source.from}`;
    say(`${on}; about three minutes`);
    rows.push(...(await benchCluster(source.binaries, join(directory, 'cluster'))));
    say('the same without the limit of the controller-manager');
    rows.push(...(await benchUnlimitedCluster(source.binaries, join(directory, 'unlimited'))));
  } else {
    const reason = source.kind === 'unavailable' ? source.reason : 'a cluster that is in use is not put under load';
    say(`NOT MEASURED on a cluster: ${reason}`);
  }
  say('the local CA');
  rows.push(...(await benchLocalCa(join(directory, 'local'))));
  say('inspecting');
  rows.push(...(await benchInspection(join(directory, 'inspection'))));
  return { rows, on };
}

function writeDocument(text: string): void {
  const before = readFileSync(document, 'utf8');
  const [begin, end] = [before.indexOf(tableBegins), before.indexOf(tableEnds)];
  if (begin < 0 || end < begin) throw new Error(`${document} has no place for the table`);
  writeFileSync(document, `${before.slice(0, begin + tableBegins.length)}\n\n${text}\n\n${before.slice(end)}`);
}

const directory = temporaryDirectory();
try {
  const { rows, on } = await measureAll(directory.path);
  const text = `${tableOf(rows)}\n\nMeasured with ${on}.`;
  console.log(text);
  if (process.argv.includes('--write')) writeDocument(text);
  const missed = rows.filter((row) => !isMet(row));
  if (missed.length > 0) {
    say(`${missed.length} of the targets missed`);
    process.exitCode = 1;
  }
} finally {
  directory.remove();
}
