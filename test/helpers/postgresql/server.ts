import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chownSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import pg from 'pg';
import { codeOf } from '@kubepass/x509';
import { postgresqlBinaries } from './binaries.js';
import { freePort } from '../free-ports.js';

/** A PostgreSQL of the tests' own, on loopback, with its data in a temporary directory. */
export interface PostgresqlServer {
  /** Its first process, which starts the others. */
  pid(): number;
  /** The directory with its data. */
  readonly data: string;
  /** The superuser's URL. */
  urlOf(database: string, user?: string): string;
  /** Ends every process of it at once, as a power failure does (Linux). The server is gone when this resolves. */
  kill(): Promise<void>;
  /** Like `pg_ctl stop -m immediate`: every process leaves at once, and nothing is written any more. */
  stopImmediately(): Promise<void>;
  /** Starts it again on the same data and port after it has ended. */
  start(): Promise<void>;
  /** Holds every process of it (Linux), so that its background work does not slow down others meanwhile. */
  hold(): void;
  release(): void;
  /** Ends it and removes its data. */
  remove(): Promise<void>;
}

export class NoPostgresqlError extends Error {
  override readonly name = 'NoPostgresqlError';
}

export interface PostgresqlOptions {
  /** With fsync, which is slower. */
  readonly durable: boolean;
  /** The folder for its directory; default: the folder for temporary files. */
  readonly parent?: string;
  /** How much of its log it keeps, in segments of 1 MiB; default: PostgreSQL's own. */
  readonly walMebibytes?: number;
  /** Its certificate and key, PEM: roles but the superuser then need TLS. Default: no TLS. */
  readonly tls?: { readonly cert: string; readonly key: string };
}

/** Throws `NoPostgresqlError` if none is installed. */
export async function startPostgresql(asked: PostgresqlOptions): Promise<PostgresqlServer> {
  const { durable, parent = tmpdir(), walMebibytes, tls } = asked;
  const binaries = postgresqlBinaries();
  if (binaries === null)
    throw new NoPostgresqlError(
      'there is no PostgreSQL here: install it, or say in KUBEPASS_TEST_POSTGRESQL_BIN where its programs are',
    );
  const user = unprivilegedUser();
  const directory = mkdtempSync(join(parent, 'kubepass-postgresql-'));
  const data = join(directory, 'data');
  const password = randomBytes(16).toString('hex');
  writeFileSync(join(directory, 'password'), password);
  if (user) for (const path of [directory, join(directory, 'password')]) chownSync(path, user.uid, user.gid);
  const options = { ...user, cwd: directory, env: { PATH: process.env['PATH'], LC_ALL: 'C' } };

  const made = spawnSync(
    join(binaries, 'initdb'),
    [
      '-D',
      data,
      '-U',
      'postgres',
      '-A',
      'scram-sha-256',
      `--pwfile=${join(directory, 'password')}`,
      '-E',
      'UTF8',
      '--no-sync',
      ...(walMebibytes === undefined ? [] : ['--wal-segsize=1']),
    ],
    { ...options, encoding: 'utf8' },
  );
  if (made.status !== 0) throw new Error(`initdb failed: ${made.stderr}${made.error?.message ?? ''}`);

  if (tls) {
    const place = (name: string, text: string) => {
      writeFileSync(join(data, name), text, { mode: 0o600 });
      if (user) chownSync(join(data, name), user.uid, user.gid);
    };
    place('server.crt', tls.cert);
    place('server.key', tls.key);
    const rules = ['host all postgres 127.0.0.1/32 scram-sha-256', 'hostssl all all 127.0.0.1/32 scram-sha-256'];
    place('pg_hba.conf', `${rules.join('\n')}\n`);
  }

  const port = await freePort();
  const settings = {
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: '',
    // Three workers run files of many services each, and a pool keeps what it has opened for a while.
    max_connections: '1000',
    shared_buffers: '64MB',
    fsync: durable ? 'on' : 'off',
    full_page_writes: durable ? 'on' : 'off',
    log_min_messages: 'fatal',
    ...(tls && { ssl: 'on' }),
    ...(walMebibytes !== undefined && {
      min_wal_size: `${String(walMebibytes)}MB`,
      max_wal_size: `${String(walMebibytes)}MB`,
    }),
  };
  let child: ChildProcess | null = null;
  const urlOf = (database: string, as = 'postgres') =>
    `postgresql://${as}:${password}@127.0.0.1:${String(port)}/${database}`;
  const isOver = () => child === null || child.exitCode !== null || child.signalCode !== null;
  const start = async () => {
    // It may still recover by itself.
    while (!isOver()) {
      if (await answers(urlOf('postgres'))) return;
      await setTimeout(50);
    }
    for (let tries = 100; ; tries--) {
      const server = spawn(
        join(binaries, 'postgres'),
        ['-D', data, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
        { ...options, stdio: ['ignore', 'ignore', 'pipe'] },
      );
      let complaints = '';
      server.stderr.on('data', (text: Buffer) => (complaints += text.toString()));
      const ended = once(server, 'exit');
      child = server;
      while (server.exitCode === null && server.signalCode === null) {
        if (await answers(urlOf('postgres'))) return;
        await Promise.race([ended, setTimeout(50)]);
      }
      // Its former processes may still be ending.
      if (tries === 0) throw new Error(`PostgreSQL does not start: ${complaints}`);
      await setTimeout(100);
    }
  };
  const end = async (signal: 'SIGKILL' | 'SIGQUIT' | 'SIGINT') => {
    if (child === null || isOver()) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  };
  // A process that always has a next query to read never waits, so it does not notice that the first one is dead: on a
  // busy machine it serves its client for minutes, and no other server starts on the same data meanwhile.
  const kill = async () => {
    child?.kill('SIGSTOP');
    const others = childrenOf(child);
    const ended = end('SIGKILL');
    signalAll(others, 'SIGKILL');
    await ended;
  };
  // The first process starts the others, so it is held first and continues last.
  const hold = () => {
    child?.kill('SIGSTOP');
    signalAll(childrenOf(child), 'SIGSTOP');
  };
  const release = () => {
    signalAll(childrenOf(child), 'SIGCONT');
    child?.kill('SIGCONT');
  };
  await start();
  return {
    pid: () => child?.pid ?? NaN,
    data,
    urlOf,
    start,
    hold,
    release,
    kill,
    stopImmediately: () => end('SIGQUIT'),
    async remove() {
      release();
      await end('SIGINT');
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** proc_pid_task_children(5). */
function childrenOf(process: ChildProcess | null): readonly number[] {
  if (process?.pid === undefined || process.exitCode !== null || process.signalCode !== null) return [];
  const text = readFileSync(`/proc/${String(process.pid)}/task/${String(process.pid)}/children`, 'utf8');
  return text.split(' ').filter(Boolean).map(Number);
}

function signalAll(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids)
    try {
      process.kill(pid, signal);
    } catch (error) {
      // The process has ended since.
      if (codeOf(error) !== 'ESRCH') throw error;
    }
}

/** PostgreSQL does not run as root. */
function unprivilegedUser(): { readonly uid: number; readonly gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const idOf = (name: string, option: string) =>
    Number(spawnSync('id', [option, name], { encoding: 'utf8' }).stdout.trim() || NaN);
  for (const name of ['postgres', 'nobody']) {
    const [uid, gid] = [idOf(name, '-u'), idOf(name, '-g')];
    if (uid > 0 && gid > 0) return { uid, gid };
  }
  throw new NoPostgresqlError('PostgreSQL does not run as root, and there is no user postgres or nobody');
}

async function answers(url: string): Promise<boolean> {
  // A busy process needs seconds for the steps of a connection.
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.end();
    return true;
  } catch {
    return false;
  }
}
