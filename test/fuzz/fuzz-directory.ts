import { randomBytes } from 'node:crypto';
import { buildApp } from '../../src/start/app.js';
import { compose } from '../../src/start/compose.js';
import { loadConfig } from '../../src/config/config.js';
import { readEnvironment } from '../../src/config/env.js';
import { makeApiToken } from '../../src/callers/api-tokens.js';
import { createLogger } from '../../src/observability/logger.js';
import { insertApiToken } from '../../src/store/tables/api-token-table.js';
import { temporaryDirectory } from '../helpers/temporary-directory.js';
import { Prototypes } from './prototypes.js';
import { Random } from './random.js';
import { ScimWorld, Wrong } from './scim-world.js';

export interface DirectoryFuzzOutcome {
  readonly inputs: number;
  /** How many of each kind got which status. */
  readonly statuses: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** By CPU. */
  readonly slowest: { readonly number: number; readonly milliseconds: number };
  readonly failures: readonly string[];
}

/** So many inputs meet the same people, one after another. */
const inputsOfWorld = 1_000;
/** The inputs of a world up to this one. */
export const upTo = (input: number): { readonly first: number; readonly inputs: number } => ({
  first: input - (input % inputsOfWorld),
  inputs: (input % inputsOfWorld) + 1,
});
const mostFailures = 20;
/** The milliseconds of CPU that an input may take. */
const mostMilliseconds = 2_000;

/**
 * Sends mutated PATCHes and filters to a service of its own, whole: from the HTTP server to the database. An input
 * depends on the seed and its number, and on the inputs before it in its world; so one is repeated together with these.
 */
export async function fuzzDirectory(options: {
  readonly seed: number;
  /** Left out: 0. */
  readonly first?: number;
  readonly inputs: number;
  readonly seconds: number;
  readonly say?: (text: string) => void;
}): Promise<DirectoryFuzzOutcome> {
  const folder = temporaryDirectory();
  const logger = createLogger({ level: 'fatal' }, { write: () => undefined });
  const config = loadConfig(
    readEnvironment({
      KUBEPASS_DATA_DIR: folder.path,
      KUBEPASS_POLICIES_DIR: 'policies',
      // All calls come from one principal.
      KUBEPASS_BUDGETS: 'off',
    }),
  );
  const composition = await compose(config, logger, { writerThread: false, cryptoThread: false });
  const app = buildApp(composition.context, { logger });
  const { seed, first = 0, inputs: most, seconds } = options;
  try {
    const made = makeApiToken({ name: 'fuzz', roles: ['directory'] }, [], { now: new Date(), random: randomBytes });
    await composition.store.writer.commit({
      operations: [insertApiToken({ token: made.token, secretSha256: made.secretSha256 })],
      events: [],
    });
    const prototypes = new Prototypes();
    const statuses: Record<string, Record<string, number>> = {};
    const failures: string[] = [];
    const end = performance.now() + seconds * 1000;
    let slowest = { number: -1, milliseconds: 0 };
    let inputs = 0;
    let world: ScimWorld | null = null;
    let told = '';
    const fail = async (error: unknown): Promise<void> => {
      if (!(error instanceof Wrong)) throw error;
      failures.push(`input ${first + inputs} of seed ${seed}: ${error.message}: ${told}`.slice(0, 4_000));
      options.say?.(failures.at(-1) ?? '');
      await world?.abandon();
      world = null;
    };
    for (; inputs < most && performance.now() < end && failures.length < mostFailures; inputs++) {
      const number = first + inputs;
      let before = process.cpuUsage();
      try {
        if (world === null || number % inputsOfWorld === 0) {
          told = 'a world';
          await world?.end();
          world = new ScimWorld(app, made.secret, number);
          await world.begin();
          before = process.cpuUsage();
        }
        const { kind, status } = await world.send(new Random(seed, number), (input) => {
          told = input;
          // To write an input of 40 MB is not the service's work.
          before = process.cpuUsage();
        });
        const counts = (statuses[kind] ??= {});
        counts[status] = (counts[status] ?? 0) + 1;
        const changed = prototypes.changed();
        if (changed !== null) throw new Wrong(`${changed} has changed`);
      } catch (error) {
        await fail(error);
      }
      const { user, system } = process.cpuUsage(before);
      const milliseconds = (user + system) / 1000;
      if (milliseconds > slowest.milliseconds) slowest = { number, milliseconds };
      if (milliseconds > mostMilliseconds) await fail(new Wrong(`it took ${milliseconds.toFixed(0)} ms of CPU`));
      if (inputs % 20_000 === 0) options.say?.(`${inputs} inputs, answered ${JSON.stringify(statuses)}`);
    }
    return { inputs, statuses, slowest, failures };
  } finally {
    await app.close();
    await composition.close();
    folder.remove();
  }
}
