import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import request from 'supertest';
import { inject } from 'vitest';
import { buildApp, type AppOptions } from '../../../src/start/app.js';
import { compose } from '../../../src/start/compose.js';
import type { Overrides } from '../../../src/start/runtime.js';
import { loadConfig } from '../../../src/config/config.js';
import { readEnvironment } from '../../../src/config/env.js';
import { makeApiToken } from '../../../src/callers/api-tokens.js';
import type { Role } from '../../../src/model/principal.js';
import { createLogger } from '../../../src/observability/logger.js';
import type { MetricsText } from '../../../src/model/measures.js';
import type { RouteContext } from '../../../src/start/route-context.js';
import type { Store } from '../../../src/store/store.js';
import { insertApiToken } from '../../../src/store/tables/api-token-table.js';
import { testPolicies } from '../../helpers/issuance.js';
import { placeAuthority } from '../../helpers/local-authority.js';
import { placeMigratedDatabase } from '../../helpers/migrated-database.js';
import { freshDatabase, query } from '../../helpers/postgresql/databases.js';
import { postgresqlEnvironment } from '../../helpers/service-on-postgresql.js';
import { temporaryDirectory } from '../../helpers/temporary-directory.js';
import { onPostgresql } from '../../helpers/test-store.js';
import type { Call } from './call.js';
import { mustConform } from './contract.js';

/** `team-*` is permitted at once, `ops-*` needs an approval, `blocked` is never permitted. */
export const policies = `${testPolicies}---
apiVersion: kubepass/v1
kind: Guardrail
metadata: { name: nobody-blocked }
spec:
  selector: { clusters: ["*"] }
  match: { groups: ["blocked"] }
  message: group "blocked" is not given out
`;

/** The callers. They are independent: no token was created with another one. */
const people = {
  'hr-system': { roles: ['requester'], groups: ['onboarding'] },
  alice: { roles: ['requester'], groups: [] },
  bob: { roles: ['approver'], groups: [] },
  carol: { roles: ['requester', 'approver'], groups: [] },
  audrey: { roles: ['auditor'], groups: [] },
  root: { roles: ['admin'], groups: [] },
  petra: { roles: ['provisioner'], groups: [] },
} as const satisfies Record<string, { roles: readonly Role[]; groups: readonly string[] }>;
export type Person = keyof typeof people;

export type Method = 'get' | 'post' | 'delete' | 'put' | 'patch' | 'head';

/** Calls the service as one principal, and checks every answer against the contract. */
export type Caller = (method: Method, url: string) => Call;

export interface TestService {
  readonly address: string;
  /** Where callers are asked for a client certificate; null where `callers` of the configuration has none. */
  readonly certificateAddress: string | null;
  /** Reads the files again that may change, as SIGHUP does. */
  reload(): Promise<void>;
  readonly dataDir: string;
  /** Calls without a token. */
  readonly anonymous: Caller;
  as(name: Person): Caller;
  withToken(token: string): Caller;
  tokenOf(name: Person): string;
  /** Empty where the start made none. */
  readonly adminToken: string;
  /** The use cases, for another edge before them. */
  readonly context: RouteContext;
  /** The store of the service. */
  readonly store: Store;
  /** Runs SQL as the owner of the tables. */
  execute(sql: string): Promise<void>;
  /** The rows of a query. */
  query(sql: string): Promise<readonly Readonly<Record<string, unknown>>[]>;
  /** The text of the metrics. */
  metrics(): Promise<MetricsText>;
  /** How many connections the service has. */
  connections(): Promise<number>;
  /** Stops listening, and resolves when the last connection has ended. */
  stop(): Promise<void>;
  /** Everything logged so far. */
  log(): string;
  /** Moves the service's clock. */
  advance(seconds: number): void;
  close(): Promise<void>;
}

/** The service that test files share. No file may end it, move its clock or write into its database. */
export type SharedService = Omit<TestService, 'advance' | 'close' | 'execute' | 'reload' | 'stop'>;

export interface TestServiceOptions {
  readonly policies?: string;
  readonly config?: string;
  readonly overrides?: Overrides;
  readonly environment?: Readonly<Record<string, string>>;
  /** Wraps the real use cases. */
  readonly context?: (context: RouteContext) => RouteContext;
  readonly app?: Partial<AppOptions>;
  /** Default: any free one. */
  readonly port?: number;
  /** Whether the clock moves by `advance` alone. Default: it also runs. */
  readonly clockStands?: boolean;
}

let shared: Promise<SharedService> | undefined;

/**
 * The service with its defaults, one for all files of a worker, with which it ends. Its records stay: a file has names
 * of its own for usernames, tokens and keys, and looks for those alone.
 */
export function sharedService(): Promise<SharedService> {
  shared ??= startService();
  return shared;
}

/** The whole service, listening on loopback: real store, real CA, real policies. */
export async function startService(options: TestServiceOptions = {}): Promise<TestService> {
  const directory = temporaryDirectory();
  const dataDir = join(directory.path, 'data');
  const policiesDir = join(directory.path, 'policies');
  mkdirSync(policiesDir);
  writeFileSync(join(policiesDir, 'test.yaml'), options.policies ?? policies);
  const configFile = join(directory.path, 'kubepass.yaml');
  if (options.config) writeFileSync(configFile, options.config);

  if (!onPostgresql) {
    await placeAuthority(dataDir);
    await placeMigratedDatabase(join(dataDir, 'kubepass.db'));
  }
  const database = onPostgresql ? await freshDatabase(inject('databases')) : null;

  let written = '';
  const logger = createLogger({ level: 'trace' }, { write: (line: string) => (written += line) });
  let offset = 0;
  const started = Date.now();
  const clock = () => new Date((options.clockStands ? started : Date.now()) + offset);
  const config = loadConfig(
    readEnvironment({
      KUBEPASS_DATA_DIR: dataDir,
      KUBEPASS_POLICIES_DIR: policiesDir,
      ...(database && (await postgresqlEnvironment(dataDir, database.url))),
      ...(options.config && { KUBEPASS_CONFIG: configFile }),
      ...options.environment,
    }),
  );
  const composition = await compose(config, logger, {
    clock,
    writerThread: false,
    cryptoThread: false,
    metricsTextMilliseconds: 0,
    threadTimes: { waitMilliseconds: 300_000, startMilliseconds: 300_000, workMilliseconds: 300_000 },
    ...options.overrides,
  });
  const context = options.context?.(composition.context) ?? composition.context;
  const { browsers, tls, callersTrust, requestTracing } = composition;
  const app = buildApp(context, {
    ...{ logger, measures: composition.metrics.requests },
    ...(tls && callersTrust && { tls: tls.current(), callersAuthority: callersTrust.current().pem }),
    ...(!config.console && { console: null }),
    browsers,
    ...(requestTracing && { tracing: requestTracing }),
    trustedProxies: config.trustedProxies,
    ...options.app,
  });
  callersTrust?.follow(({ pem }) => app.certificateListener?.replace({ certificateAuthority: pem }));
  const address = await app.listen({ host: '127.0.0.1', port: options.port ?? 0 });
  const certificateAddress = (await app.certificateListener?.listen({ host: '127.0.0.1', port: 0 })) ?? null;
  await composition.begin();

  const caller =
    (token: string | null): Caller =>
    (method, url) => {
      const call = request(address)[method](url);
      if (address.startsWith('https:')) call.disableTLSCerts();
      if (token !== null) call.set('authorization', `Bearer ${token}`);
      return call.expect((response) => {
        mustConform(method, url, response);
      });
    };

  const tokens = new Map(
    (Object.keys(people) as Person[]).map((name) => {
      const made = makeApiToken({ name, ...people[name] }, [], { now: clock(), random: randomBytes });
      return [name, made] as const;
    }),
  );
  // In one commit, because each waits for the disk.
  await composition.store.writer.commit({
    operations: [...tokens.values()].map(({ token, secretSha256 }) => insertApiToken({ token, secretSha256 })),
    events: [],
  });
  const tokenOf = (name: Person) => tokens.get(name)?.secret ?? '';
  const adminTokenFile = join(dataDir, 'admin-token');
  const onSqlite = <T>(work: (sqlite: Database.Database) => T): T => {
    const sqlite = new Database(join(dataDir, 'kubepass.db'));
    try {
      return work(sqlite);
    } finally {
      sqlite.close();
    }
  };

  return {
    address,
    certificateAddress,
    reload: () => composition.reload(),
    dataDir,
    anonymous: caller(null),
    as: (name) => caller(tokenOf(name)),
    withToken: caller,
    tokenOf,
    adminToken: existsSync(adminTokenFile) ? readFileSync(adminTokenFile, 'utf8').trim() : '',
    context,
    store: composition.store,
    async execute(sql) {
      if (database) await query(database.ownerUrl, (client) => client.query(sql));
      else onSqlite((sqlite) => sqlite.exec(sql));
    },
    async query(sql) {
      if (database)
        return query(database.ownerUrl, async (client) => (await client.query<Record<string, unknown>>(sql)).rows);
      return onSqlite((sqlite) => sqlite.prepare<[], Record<string, unknown>>(sql).all());
    },
    metrics: () => composition.metrics.text(),
    connections: () =>
      new Promise((resolve, reject) => {
        app.server.getConnections((error, count) => {
          if (error) reject(error);
          else resolve(count);
        });
      }),
    stop: () => app.close(),
    log: () => written,
    advance(seconds) {
      offset += seconds * 1000;
    },
    async close() {
      await app.close();
      await composition.close();
      await database?.drop();
      directory.remove();
    },
  };
}
