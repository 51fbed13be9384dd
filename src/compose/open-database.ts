import type { Config } from '../config/config.js';
import { Budgets } from '../identity/spent-budgets.js';
import type { BudgetLimits } from '../model/budget.js';
import type { Role } from '../model/principal.js';
import { type LogAsFound, logAsFound } from '../backup/record-restoration.js';
import { type CommitFollower, followedWriter } from '../store/writer/followed-writer.js';
import type { Writer } from '../store/steps/step.js';
import type { Store } from '../store/store.js';
import { followersFromTheStart } from './commit-followers.js';
import { KeptCheckpoint, keptCheckpointFile } from '../backup/kept-checkpoint.js';
import { openStore } from '../backup/open-store.js';
import { nameInstance } from '../evidence/checkpoint-service.js';
import type { Runtime } from './runtime.js';

/** The database, open. */
export interface OpenedDatabase {
  /** Its commits are followed only by what is there from the start. */
  readonly store: Store;
  readonly fromTheStart: readonly CommitFollower[];
  /** Its commits are followed by nothing. */
  readonly writer: Writer;
  readonly budgets: Budgets;
  readonly keptCheckpoint: KeptCheckpoint;
  /** The log as it was when the database was opened. */
  readonly found: LogAsFound;
  /** The id of the log in which requests are recorded. */
  readonly instance: string;
  /** One sentence for people: the schema is not as it should be. Null: it is. */
  readonly schemaNote: string | null;
}

/** Opens the configured database, and finds out what it was like before this process. */
export async function openDatabase({
  config,
  overrides,
  clock,
  log,
  metrics,
  closings,
}: Runtime): Promise<OpenedDatabase> {
  const { database } = config;
  if (database.kind === 'postgresql' && database.exposed)
    log.warn({}, 'the way to PostgreSQL is not protected: sslmode=verify-full with sslrootcert would do that');
  const opening = await openStore(config, {
    log,
    writerThread: overrides.writerThread ?? true,
    measures: metrics.store,
  });
  closings.push(() => opening.close());
  const writer = overrides.writer?.(opening.writer) ?? opening.writer;
  const budgets = openBudgets(config, clock, overrides.clock && (() => clock().getTime()));
  const schemaFault = await opening.whyNotSchema();
  const schemaNote = schemaFault && `the database ${schemaFault}: it does not refuse or record all that it should`;
  if (schemaNote !== null) log.error({}, schemaNote);
  const found = await logAsFound(opening.auditEvents);
  const keptCheckpoint = new KeptCheckpoint(keptCheckpointFile(config));
  const fromTheStart = followersFromTheStart(keptCheckpoint, budgets);
  const store: Store = { ...opening, writer: followedWriter(writer, fromTheStart) };
  const instance = await nameInstance(store, clock());
  return { store, fromTheStart, writer, budgets, keptCheckpoint, found, instance, schemaNote };
}

/** The budgets of all principals. `now`: milliseconds that only grow. */
function openBudgets({ budgets }: Config, clock: () => Date, now?: () => number): Budgets {
  if (budgets === null) return new Budgets(null, clock, now);
  const roles = new Map(Object.entries(budgets.roles) as [Role, BudgetLimits][]);
  return new Budgets({ limits: budgets.limits, roles }, clock, now);
}
