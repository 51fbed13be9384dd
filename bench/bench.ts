/**
 * `npm run bench` measures the service beside its peers and beside the work that cannot be avoided. It reports ratios
 * within one run, and figures of the service with their targets, and ends with 1 if a target is missed.
 *
 *   -- --write                 puts the results into docs/performance.md, each part in its own place
 *   -- --only PART             measures one part; may be given several times
 *   -- --against DIR           compares this checkout with another built one, for a change that must cost nothing
 *   -- --against-node FILE     runs that one under another Node
 *   -- --quick                 gives each contender one round of a second, only to see that everything works
 */
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { findClusterSource } from '../test/cluster/cluster-source.js';
import { temporaryDirectory } from '../test/helpers/temporary-directory.js';
import { benchAgainst } from './bench-against.js';
import { benchCallers } from './bench-callers.js';
import { benchCluster, benchUnlimitedCluster } from './bench-cluster.js';
import { benchCosts } from './bench-costs.js';
import { benchDecisions } from './bench-decisions.js';
import { benchDirectory } from './bench-directory.js';
import { benchEvidence } from './bench-evidence.js';
import { benchFootprint } from './bench-footprint.js';
import { benchKeys } from './bench-keys.js';
import { benchPeers } from './bench-peers.js';
import { benchReplay } from './bench-replay.js';
import { benchService } from './bench-service.js';
import { benchTurns } from './bench-turns.js';
import { editDocument, withFindings, withPart, writeChart } from './performance-document.js';
import { isMet, lineOf, linesOfPart, NotMeasurableError, tableOf, type Found, type Part, type Row } from './report.js';
import { serviceOf } from './service-under-bench.js';

const { values: options } = parseArgs({
  options: {
    only: { type: 'string', multiple: true },
    against: { type: 'string' },
    'against-node': { type: 'string' },
    quick: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
});

const say = (text: string): void => console.error(`bench: ${text}`);

const extent = options.quick
  ? {
      ...{ rounds: 1, secondsPerRound: 1, secondsOfArrivals: 2, starts: 1, certificates: 1_000 },
      ...{ inventory: 10_000 },
      ...{ warmUpSeconds: 1, steadySeconds: 2 },
    }
  : {
      ...{ rounds: 5, secondsPerRound: 3, secondsOfArrivals: 20, starts: 5, certificates: 20_000 },
      ...{ inventory: 1_000_000 },
      ...{ warmUpSeconds: 30, steadySeconds: 75 },
    };

/** Each part by its name. A part throws NotMeasurableError if it cannot be measured here. */
const parts: Readonly<Record<string, (directory: string, found: Found) => Promise<Part>>> = {
  peers: (directory, found) => benchPeers(directory, extent, say, found),
  turns: (directory, found) => benchTurns(directory, extent, say, found),
  footprint: (directory, found) => benchFootprint(directory, extent, say, found),
  cluster: measureOnCluster,
  service: alone((directory, found) => benchService(directory, extent, found)),
  callers: alone((directory, found) => benchCallers(directory, extent, found)),
  costs: alone(benchCosts),
  decisions: alone((_, found) => benchDecisions(found)),
  replay: alone(benchReplay),
  keys: alone((directory, found) => benchKeys(directory, extent, found)),
  evidence: alone(benchEvidence),
  directory: (directory, found) => benchDirectory(directory, extent, say, found),
};

/** A part that has nothing but its rows. */
function alone(measure: (directory: string, found: Found) => Promise<void>) {
  return async (directory: string, found: Found): Promise<Part> => {
    await measure(directory, found);
    return {};
  };
}

async function measureOnCluster(directory: string, found: Found): Promise<Part> {
  const source = await findClusterSource(say);
  if (source.kind !== 'binaries')
    throw new NotMeasurableError(
      source.kind === 'unavailable' ? source.reason : 'a cluster that is in use is not put under load',
    );
  await benchCluster(source.binaries, `${directory}-as-it-comes`, found);
  await benchUnlimitedCluster(source.binaries, `${directory}-unlimited`, found);
  return { on: [`a control plane from ${source.from}`] };
}

/** The conditions of a measurement, without which its figures mean little. */
function conditionsOf({ on = [], missing = [] }: Part): string {
  const cores = `${availableParallelism()} cores for everything together`;
  const leftOut = missing.length === 0 ? '' : ` Left out: ${missing.map(firstLine).join('; ')}.`;
  return `Node ${process.versions.node}, ${[cores, ...on].join(', ')}.${leftOut}`;
}

const firstLine = (text: string): string => text.split('\n')[0]!.replace(/[:.]$/, '');

const against = options.against;
const names = against === undefined ? (options.only ?? Object.keys(parts)) : ['against'];
const unknown = names.filter((name) => name !== 'against' && !Object.hasOwn(parts, name));
if (unknown.length > 0) {
  say(`there is no part ${unknown.join(' or ')}; there are ${Object.keys(parts).join(', ')}`);
  process.exit(2);
}
// A signal must lead to an exit, because the listeners for it end every child, even a held one.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

function measure(name: string, own: string, found: Found): Promise<Part> {
  if (against === undefined) return parts[name]!(own, found);
  const theirs = {
    node: options['against-node'] ?? process.execPath,
    serve: serviceOf(resolve(process.env['INIT_CWD'] ?? '.', against, 'dist')),
  };
  return alone((directory) => benchAgainst(directory, theirs, extent, found))(own, found);
}

function write(name: string, part: Part, rows: readonly Row[]): void {
  const { overview, work, charts = {} } = part;
  const inTable = { lines: linesOfPart(name, rows), conditions: conditionsOf(part) };
  editDocument((text) => withPart(text, name, inTable, Object.keys(parts)));
  const own = `npm run bench -- --only ${name}`;
  if (overview !== undefined) editDocument((text) => withFindings(text, own, overview));
  if (work !== undefined) editDocument((text) => withFindings(text, `${own}, the work behind it`, work));
  for (const [file, svg] of Object.entries(charts)) writeChart(file, svg);
}

/** Measures one part and returns the number of targets that it misses. Its rows are printed as they come. */
async function run(name: string, own: string): Promise<number> {
  say(name);
  console.log(`\n${tableOf([])}`);
  const rows: Row[] = [];
  const part = await measure(name, own, (...more) => {
    rows.push(...more);
    for (const row of more) console.log(lineOf(row));
  });
  console.log(
    ['', part.overview ?? [], part.work ?? [], `Measured with ${conditionsOf(part)}`].flat().join('\n\n').slice(1),
  );
  if (options.write && against === undefined) write(name, part, rows);
  return rows.filter((row) => !isMet(row)).length;
}

const directory = temporaryDirectory();
try {
  let missed = 0;
  const failed: string[] = [];
  const notHere: string[] = [];
  for (const name of names)
    try {
      missed += await run(name, join(directory.path, name));
    } catch (error) {
      // The other parts do not depend on this one, and measuring takes long.
      if (error instanceof NotMeasurableError) notHere.push(`${name} (${firstLine(error.message)})`);
      else {
        console.error(error);
        failed.push(name);
      }
    }
  if (notHere.length > 0) say(`NOT MEASURED on this machine: ${notHere.join(', ')}`);
  if (missed > 0) say(`${missed} of the targets missed`);
  if (failed.length > 0) say(`NOT MEASURED to the end, because of an error: ${failed.join(', ')}`);
  if (missed + failed.length > 0) process.exitCode = 1;
} finally {
  directory.remove();
}
