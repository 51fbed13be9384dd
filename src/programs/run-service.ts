import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { runProgram, version } from '@kubepass/inspect/command-line';
import { messageOf } from '@kubepass/x509';
import { buildApp } from '../start/app.js';
import { compose } from '../start/compose.js';
import { checkConfig } from '../start/check-config.js';
import { ConfigError, readConfig, type Config } from '../config/config.js';
import { readEnvironment } from '../config/env.js';
import { replaceCertificate } from '../http/server/create-server.js';
import { MetricsListener } from '../http/server/metrics-listener.js';
import { createLogger } from '../observability/logger.js';

/** The signals SIGHUP of this process. */
export interface HangUps {
  /** Calls the listener for each signal from now on, and once at once if one has come already. */
  follow(listener: () => void): void;
}

/** How long requests that are under way may take after a signal to stop. */
const drainMilliseconds = 10_000;

const logger = createLogger();

const program = {
  name: 'kubepass serve',
  usage: `usage: kubepass serve

Serves until SIGTERM or SIGINT. SIGHUP makes the service read its TLS files and its policies again. The settings are in
the environment and in the file that KUBEPASS_CONFIG names: docs/configuration.md
`,
  options: {},
  takesArguments: false,
} as const;

/** Serves, unless the command line asks for something else. The exit code is 1 where the service cannot serve. */
export async function run(given: readonly string[], hangUps: HangUps): Promise<void> {
  await runProgram(program, given, async () => {
    await serve(hangUps);
    return 0;
  });
}

/** Serves until a signal stops it. Where that is not possible, the log says why, and nothing was made. */
async function serve(hangUps: HangUps): Promise<void> {
  try {
    const read = readConfig(readEnvironment());
    const { errors } = await checkConfig(read, new Date());
    if (errors.length > 0) throw new ConfigError(errors);
    await serveAs(read.config, hangUps);
  } catch (error) {
    fail(error);
  }
}

async function serveAs(config: Config, hangUps: HangUps): Promise<void> {
  logger.level = config.logLevel;
  const service = await compose(config, logger);
  hangUps.follow(() => {
    service.reload().catch((error: unknown) => {
      logger.error({ err: error }, 'the files could not be read again: what was in force stays');
    });
  });
  const app = buildApp(service.context, {
    logger,
    drainMilliseconds,
    measures: service.metrics.requests,
    trustedProxies: config.trustedProxies,
    connections: config.connections,
    ...(!config.console && { console: null }),
    browsers: service.browsers,
    ...(service.requestTracing && { tracing: service.requestTracing }),
    ...(config.publicAddress && { publicUrl: config.publicAddress.url }),
    ...(service.tls && { tls: service.tls.current() }),
    ...(service.callersTrust && { callersAuthority: service.callersTrust.current().pem }),
  });
  service.tls?.follow((pair) => {
    replaceCertificate(app.server, pair);
    app.certificateListener?.replace({ pair });
  });
  service.callersTrust?.follow(({ pem }) => {
    app.certificateListener?.replace({ certificateAuthority: pem });
  });
  const metricsListener = new MetricsListener(() => service.metrics.text(), logger);
  const close = async () => {
    await app.close();
    await metricsListener.close();
    await service.close();
  };
  let stopping = false;
  const isStopped = () => stopping;
  const stop = async (signal: string) => {
    if (stopping) return;
    stopping = true;
    logger.info({ signal }, 'stopping: no new requests, then those under way, then the store');
    await close();
    logger.info({}, 'stopped');
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => {
      stop(signal).catch(fail);
    });

  try {
    await app.ready();
    if (isStopped()) return;
    giveBackMemory();
    await listen(config, app, metricsListener);
    // Recovery may take its time. Meanwhile the process is alive, and /readyz says that it is not ready.
    void service.begin();
  } catch (error) {
    await close();
    throw error;
  }
}

/**
 * Gives memory that only the start needed back to the system. V8 would keep 30 MiB of it until its heap has doubled.
 * Node has no public function for a collection of everything, so V8 gets the option that makes one.
 */
function giveBackMemory(): void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as (options: Readonly<Record<string, string>>) => void;
  setFlagsFromString('--no-expose-gc');
  collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}

async function listen(
  config: Config,
  app: ReturnType<typeof buildApp>,
  metricsListener: MetricsListener,
): Promise<void> {
  // A server has one address. Clients that ask for localhost try this one too.
  const host = config.host === 'localhost' ? '127.0.0.1' : config.host;
  const address = await app.listen({ host, port: config.port }).catch(taken('the service', 'KUBEPASS_PORT or port'));
  const pages = { docs: `${address}/docs`, ...(config.console && { console: `${address}/console/` }) };
  const { dataDir, revision } = config;
  logger.info({ address, dataDir, version, revision, ...pages }, 'kubepass serves');
  if (app.certificateListener !== null) {
    const forCertificates = { host, port: config.callers.clientCertificates?.port ?? 0 };
    const certificateAddress = await app.certificateListener
      .listen(forCertificates)
      .catch(taken('client certificates', 'callers.clientCertificates.port'));
    logger.info({ address: certificateAddress }, 'kubepass serves callers with client certificates');
  }
  if (config.metrics !== null) {
    const metricsAddress = await metricsListener
      .listen(config.metrics)
      .catch(taken('the metrics', 'KUBEPASS_METRICS_PORT or metrics.port'));
    logger.info({ address: metricsAddress }, 'kubepass serves its metrics, without asking for a token');
  }
}

/** Says which setting names an address that cannot be taken. */
const taken =
  (what: string, setting: string) =>
  (error: unknown): never => {
    const reason = messageOf(error);
    throw new Error(
      `the address for ${what} cannot be taken (${setting}): ${reason}; is kubepass running there already?`,
      {
        cause: error,
      },
    );
  };

/** The operator mends what keeps the service from starting, and needs its message, not a stack. */
function fail(error: unknown): void {
  const expected = error instanceof ConfigError || (error instanceof Error && !(error instanceof TypeError));
  logger.fatal(expected ? { reason: error.message } : { err: error }, 'kubepass cannot serve');
  process.exitCode = 1;
}
