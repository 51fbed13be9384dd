import { ClientCertificates } from '../identity/client-certificates.js';
import type { IssuingCluster } from '../context/context.js';
import type { Runtime } from './runtime.js';
import type { TlsInForce } from './tls-in-force.js';
import { openCallersTrust, type CallersTrustInForce } from './callers-trust-in-force.js';
import { UserAuthorities } from './user-authorities.js';

/** How often clusters are asked which CA their users have. */
const askEveryMilliseconds = 60_000;

export interface OpenedClientCertificates {
  readonly wayIn: ClientCertificates;
  readonly trust: CallersTrustInForce;
  /** Asks the clusters for their user CAs from now on. */
  begin(): void;
}

/**
 * Opens the way in by client certificate; null where the configuration has none. Throws where the CAs of callers cannot be
 * used, or one of them is the user CA of a cluster.
 */
export async function openClientCertificates(
  { config: { callers, clusters: configs, roles }, clock, log, intervalMilliseconds, closings }: Runtime,
  clusters: Iterable<IssuingCluster>,
  tls: TlsInForce | null,
): Promise<OpenedClientCertificates | null> {
  const config = callers.clientCertificates;
  // The configuration is refused where it has them without TLS.
  if (config === null || tls === null) return null;
  if (config.identity === 'commonName' && config.usernamePrefix === '' && callers.oidc.some(isWithoutPrefix))
    log.warn({}, 'client certificates and an issuer can give the same name: a usernamePrefix would keep them apart');
  const userAuthorities = await UserAuthorities.of(clusters, configs);
  const trust = await openCallersTrust(config, log, {
    ...{ clock, intervalMilliseconds },
    pair: () => tls.current(),
    whyNot: (read) => userAuthorities.whyShared(read),
  });

  let shared: string | null = null;
  const look = (current = trust.current()): void => {
    const found = userAuthorities.whyShared(current);
    if (found === shared) return;
    if (found === null) log.info({}, 'client certificates of callers are accepted again');
    else log.error({ reason: found }, 'client certificates of callers are refused');
    shared = found;
  };
  trust.follow(look);
  const ask = async (): Promise<void> => {
    await userAuthorities.ask();
    look();
  };
  let timer: NodeJS.Timeout | undefined;
  closings.push(() => {
    clearInterval(timer);
    trust.stop();
  });
  return {
    wayIn: new ClientCertificates({
      identity: config.identity,
      usernamePrefix: config.usernamePrefix,
      othersPrefixes: [...callers.oidc, ...callers.serviceAccounts].map(({ usernamePrefix }) => usernamePrefix),
      trust: () => trust.current(),
      whyNone: () => shared,
      roles,
      clock,
    }),
    trust,
    begin() {
      void ask();
      timer = setInterval(() => void ask(), askEveryMilliseconds).unref();
    },
  };
}

const isWithoutPrefix = ({ usernamePrefix }: { readonly usernamePrefix: string }): boolean => usernamePrefix === '';
