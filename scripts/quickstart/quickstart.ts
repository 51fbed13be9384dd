import { closeSync, openSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigError, loadConfig, type Config } from '../../src/config/config.js';
import { readEnvironment } from '../../src/config/env.js';
import { replaceSecretFile } from '../../src/config/secrets.js';
import { ApiClient } from './api-client.js';
import { writeConfiguration, type ClusterToServe } from './cluster-to-serve.js';
import { offerConsoleLink } from './console-link.js';
import { nextSteps, REQUESTER_TOKEN_FILE, shown } from './next-steps.js';
import { obtainKubeconfig, type JobOutcome } from './obtain-kubeconfig.js';
import { makeRequesterToken, readAdminToken } from './requester-token.js';
import { revocationLine } from './revocation-line.js';
import { freePort, ServiceError, ServiceProcess } from './service-process.js';

export interface QuickstartOptions {
  /** Whether the process ends after the job. */
  readonly once: boolean;
  /** Null: the environment decides; its default is the embedded configuration with a generated CA. */
  readonly cluster: ClusterToServe | null;
}

/**
 * Serves from the sources, does the main job as any caller would, and then serves until it is told to stop. Returns the
 * exit code. With `once` the code is 0 if the job was done and 1 if not; otherwise it is the service's own.
 */
export async function quickstart(options: QuickstartOptions): Promise<number> {
  try {
    return await run(options);
  } catch (error) {
    if (!(error instanceof ServiceError) && !(error instanceof ConfigError)) throw error;
    console.error(`quickstart: ${error.message}`);
    return 1;
  }
}

async function run({ once, cluster }: QuickstartOptions): Promise<number> {
  const config = cluster === null ? loadConfig(readEnvironment()) : await configurationFor(cluster);
  const port = await freePort(config.host, config.port);
  await mkdir(config.dataDir, { recursive: true, mode: 0o700 });

  const logFile = join(config.dataDir, 'quickstart.log');
  say(`starting kubepass from its sources, data in ${shown(config.dataDir)}, log in ${shown(logFile)}`);
  const service = new ServiceProcess(
    { KUBEPASS_PORT: String(port), KUBEPASS_CONFIG: config.configFile ?? '' },
    logFile,
  );
  const stop = (signal: NodeJS.Signals) => {
    service.signal(signal);
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, stop);
  const hadTerminal = hasTerminal();
  process.on('SIGHUP', () => {
    // A terminal that was closed sends this signal too, and is a reason to stop in good order.
    if (hadTerminal && !hasTerminal()) stop('SIGTERM');
    else service.reload();
  });

  // npm passes a signal to the shell between us and does not wait. Without this line the service would outlive it.
  const parent = process.ppid;
  if (process.env['npm_lifecycle_event'] !== undefined)
    setInterval(() => {
      if (process.ppid !== parent) stop('SIGTERM');
    }, 500).unref();

  const client = await ApiClient.of(config, port);
  try {
    await service.untilReady(client);
    const admin = await readAdminToken(join(config.dataDir, 'admin-token'));
    const requester = await makeRequesterToken(client, admin);
    const done = await report(config, client, requester.token, cluster !== null).finally(() =>
      once ? requester.revoke() : undefined,
    );
    if (once) {
      await service.stop();
      return done ? 0 : 1;
    }
    await replaceSecretFile(join(config.dataDir, REQUESTER_TOKEN_FILE), `${requester.token}\n`);
    // Only before the eyes of a person: what goes into a file may be read by others, and later.
    const link = config.console && process.stdout.isTTY ? await offerConsoleLink(client, admin) : null;
    console.log(nextSteps(config, client.origin, link));
  } catch (error) {
    const interrupted = service.wasSignalled;
    const code = await service.stop();
    if (interrupted) return code;
    throw error;
  }
  say('serving; Ctrl-C stops it');
  const code = await service.ended;
  if (service.wasSignalled)
    say(`stopped; everything is in ${shown(config.dataDir)}, and the next start goes on with that`);
  return code;
}

async function configurationFor(cluster: ClusterToServe): Promise<Config> {
  const environment = readEnvironment();
  if (environment.configFile !== undefined)
    throw new ServiceError('--kubeconfig and KUBEPASS_CONFIG exclude each other: both say which clusters to serve');
  const { dataDir } = loadConfig(environment);
  const configFile = await writeConfiguration(cluster, dataDir);
  const config = loadConfig({ ...environment, configFile });
  const [served] = config.clusters;
  say(`serving cluster "${served?.name ?? ''}" at ${served?.server ?? ''} through its own signer`);
  return config;
}

/** Does the job and shows the result; returns whether it was done. */
async function report(config: Config, client: ApiClient, token: string, ownCluster: boolean): Promise<boolean> {
  const outcome = await obtainKubeconfig('quickstart-jane', client, token);
  if (outcome.kind !== 'issued') {
    say(describe(outcome));
  } else {
    const file = join(config.dataDir, 'quickstart.kubeconfig');
    await replaceSecretFile(file, outcome.kubeconfig);
    const { cluster, username, groups, notAfter } = outcome.certificate;
    const lines = {
      username,
      groups: groups.join(', ') || 'none',
      'valid until': notAfter,
      cluster,
      'with its key in': shown(file),
    };
    say('a first user certificate is issued:');
    for (const [name, value] of Object.entries(lines)) console.log(`  ${name.padEnd(16)}${value}`);
    if (ownCluster) say(await revocationLine(client, token));
  }
  return outcome.kind === 'issued';
}

function describe(outcome: Exclude<JobOutcome, { kind: 'issued' }>): string {
  if (outcome.kind === 'awaiting') return 'the policies in force want a person to decide on quickstart-jane';
  if (outcome.kind === 'failed') return `nothing was issued: ${outcome.reason}: ${outcome.message}`;
  return [
    'the policies in force deny quickstart-jane:',
    ...outcome.violations.map(({ reason, message }) => `  ${message} (${reason})`),
  ].join('\n');
}

/** Whether the process has a terminal. It loses it when the terminal is closed. */
function hasTerminal(): boolean {
  try {
    closeSync(openSync('/dev/tty', 'r'));
    return true;
  } catch {
    return false;
  }
}

function say(text: string): void {
  console.log(`quickstart: ${text}`);
}
