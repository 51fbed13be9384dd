/**
 * Inspects a share of a run's inputs. It writes the number of each input to a file first, so that the parent knows the
 * input even if this process hangs or ends without a word. Run with `node --expose-gc` and `FuzzShare` as JSON.
 */
import { openSync, writeSync } from 'node:fs';
import { inspect, type Inspection, type InspectionContext, UploadRefusedError } from '@kubepass/inspect';
import { corpusContext } from '../../packages/inspect/test/helpers/inspection-corpus.js';
import { isMissed, isNamed, judge, type Loadable, loadablesOf } from '../oracles/loading.js';
import { GoMutants } from './go-mutants.js';
import { type Mutant, Mutants } from './mutants.js';

export interface FuzzShare {
  readonly seed: number;
  /** The number of the first input, and the distance between two inputs. */
  readonly first: number;
  readonly step: number;
  /** The first number that is no longer inspected. */
  readonly end: number;
  readonly seconds: number;
  readonly progressFile: string;
  /** The oracle that judges how Go parses; null where no comparison is asked for. */
  readonly parse: string | null;
}

/** A message from a child to its parent. */
export type FuzzReport = { readonly kind: 'failure'; readonly number: number; readonly why: string } | FuzzTotals;

export interface FuzzTotals {
  readonly kind: 'progress' | 'end';
  readonly inputs: number;
  readonly answered: number;
  readonly refused: Readonly<Record<string, number>>;
  readonly slowest: { readonly number: number; readonly milliseconds: number };
  /** The objects that Go judged, those that it refused, and those of them that have no error on purpose. */
  readonly judged: { readonly objects: number; readonly refused: number; readonly accepted: number };
  /** The octets in use after a garbage collection, sampled now and then. */
  readonly memory: readonly number[];
}

const share = JSON.parse(process.argv[2] ?? '') as FuzzShare;
const context = corpusContext();
const { parse } = share;
const mutants = parse === null ? new Mutants(share.seed) : new GoMutants(share.seed);
const progress = openSync(share.progressFile, 'w');
const send = (report: FuzzReport): void => void process.send?.(report);

const refused: Record<string, number> = {};
const memory: number[] = [];
let inputs = 0;
let answered = 0;
let slowest = { number: -1, milliseconds: 0 };
const judged = { objects: 0, refused: 0, accepted: 0 };
const report = (kind: 'progress' | 'end'): void => send({ kind, inputs, answered, refused, slowest, judged, memory });
/** The objects that Go is to judge. Many are asked about at once, because each question begins a process. */
let unjudged: (Loadable & { readonly number: number })[] = [];
const MOST_UNJUDGED = 2_000;

/** The CPU time that one input may take. */
const limitMilliseconds = 2_000;
const deadline = performance.now() + share.seconds * 1000;
const until = Buffer.alloc(8);

for (let number = share.first; number < share.end && performance.now() < deadline; number += share.step) {
  until.writeDoubleLE(number);
  writeSync(progress, until, 0, 8, 0);
  const mutant = mutants.make(number);
  const before = process.cpuUsage();
  const why = await whatIsWrongWith(mutant, context, number);
  const { user, system } = process.cpuUsage(before);
  await turn();
  const milliseconds = (user + system) / 1000;
  if (milliseconds > slowest.milliseconds) slowest = { number, milliseconds };
  if (why !== null) send({ kind: 'failure', number, why });
  else if (milliseconds > limitMilliseconds)
    send({ kind: 'failure', number, why: `took ${milliseconds.toFixed(0)} ms of CPU` });
  inputs += 1;
  if (unjudged.length >= MOST_UNJUDGED) askGo();
  if (inputs % 2_000 === 0) {
    await collect();
    report('progress');
  }
}
askGo();
await collect();
report('end');
process.disconnect();

/** Collects more than once, with turns of the event loop in between, because native objects are freed only then. */
async function collect(): Promise<void> {
  for (let round = 0; round < 4; round++) {
    globalThis.gc?.();
    await turn();
  }
  const { heapUsed, external } = process.memoryUsage();
  memory.push(heapUsed + external);
}

/** The event loop turns, as it does between two uploads in the service. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Reports the objects that Go refuses and that have no error. */
function askGo(): void {
  if (parse === null || unjudged.length === 0) return;
  const answers = judge(parse, unjudged);
  answers.forEach((each, i) => {
    judged.objects += 1;
    if (each.refusal !== null) judged.refused += 1;
    if (each.accepted !== null) judged.accepted += 1;
    const why = `Go refuses the ${each.kind} ${each.path}, and no error says so: ${each.refusal ?? ''}`;
    if (isMissed(each)) send({ kind: 'failure', number: unjudged[i]?.number ?? -1, why });
  });
  unjudged = [];
}

/** Null if it is answered, or refused because it is too much. */
async function whatIsWrongWith(
  { upload, format }: Mutant,
  known: InspectionContext,
  number: number,
): Promise<string | null> {
  try {
    if (parse !== null) {
      // Go computes for a minute with some private keys whose numbers are too long, and these have an error already.
      const loadables = (await loadablesOf(upload, known)).filter(
        (each) => each.kind !== 'private-key' || !isNamed(each),
      );
      unjudged.push(...loadables.map((each) => ({ ...each, number })));
      answered += 1;
      return null;
    }
    const text = await inspect(upload, known, format);
    answered += 1;
    return format === 'application/json' ? whatIsWrongIn(text) : text.length > 0 ? null : 'answered with nothing';
  } catch (error) {
    if (!(error instanceof UploadRefusedError))
      return error instanceof Error ? (error.stack ?? String(error)) : String(error);
    refused[error.reason] = (refused[error.reason] ?? 0) + 1;
    return null;
  }
}

function whatIsWrongIn(text: string): string | null {
  const { objects, relations, findings } = JSON.parse(text) as Inspection;
  const paths = new Set(objects.map(({ path }) => path));
  if (paths.size !== objects.length) return 'two objects have the same path';
  if (objects.length === 0) return 'nothing was found, not even something unknown';
  if (objects.length > 200) return `there are ${objects.length} objects`;
  const stray = findings.find(({ object }) => !paths.has(object));
  if (stray !== undefined) return `${stray.code} is about ${JSON.stringify(stray.object)}, which is not there`;
  const dangling = relations.find(({ from, to }) => !paths.has(from) || !(paths.has(to) || to.startsWith('/v1/')));
  if (dangling !== undefined) return `${dangling.type} of ${JSON.stringify(dangling)} leads nowhere`;
  return null;
}
