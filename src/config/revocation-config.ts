import type { ClusterSettings, FileSettings } from './config-file.js';
import type { ReportProblem } from './report-problem.js';
import { whyNotUrl } from './https-url.js';

/** How a cluster is made to refuse revoked certificates. */
export interface RevocationConfig {
  readonly mode: 'webhook' | 'listed' | 'admission' | 'none';
  readonly whenInDoubt: 'deny' | 'noOpinion';
  readonly configMap: { readonly namespace: string; readonly name: string };
}

/** How clusters reach the service. */
export interface PublicAddressConfig {
  /** An https URL without a slash at its end. */
  readonly url: string;
  /** PEM: the CA that the certificate at this address chains to; null: one that the nodes of the clusters trust. */
  readonly certificateAuthorityFile: string | null;
}

/** The cluster of the embedded default refuses no revoked certificate: only expiry ends one. */
export const embeddedRevocation: RevocationConfig = {
  mode: 'none',
  whenInDoubt: 'deny',
  configMap: { namespace: 'kubepass', name: 'revoked-certificates' },
};

/** `connected`: whether the service itself reaches the cluster. */
export function readRevocation(
  settings: ClusterSettings['revocation'],
  connected: boolean,
  report: ReportProblem,
): RevocationConfig {
  const { mode = 'none', whenInDoubt = 'deny', configMap = embeddedRevocation.configMap } = settings ?? {};
  if (mode === 'admission' && !connected)
    report('/revocation/mode', 'admission needs a way to reach the cluster: kubeconfig, or inCluster: true');
  if (settings?.configMap !== undefined && mode !== 'admission')
    report('/revocation/configMap', 'goes with mode: admission');
  if (settings?.whenInDoubt !== undefined && mode === 'none')
    report('/revocation/whenInDoubt', 'goes with a mode that refuses revoked certificates');
  if (!/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(configMap.namespace))
    report('/revocation/configMap/namespace', 'must be a DNS label: a-z, 0-9 and inner -, at most 63 characters');
  // RFC 1123 section 2.1, as Kubernetes has it.
  if (!/^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/.test(configMap.name))
    report('/revocation/configMap/name', 'must be a DNS subdomain: a-z, 0-9, inner - and .');
  return { mode, whenInDoubt, configMap };
}

/**
 * The configured address, else the one where the service listens with TLS. Reports what is wrong with it, and where a
 * cluster's API server has to ask us and there is none: over plain HTTP an API server sends its request without its
 * token.
 */
export function readPublicAddress(
  file: FileSettings | undefined,
  listening: { readonly host: string; readonly port: number; readonly tls: boolean },
  resolve: (path: string) => string,
  report: ReportProblem,
): PublicAddressConfig | null {
  const { url, certificateAuthority } = file?.publicAddress ?? {};
  if (url !== undefined) {
    const whyNot = whyNotUrl(url);
    if (whyNot !== null) report('/publicAddress/url', whyNot);
    return {
      url: url.replace(/\/+$/, ''),
      certificateAuthorityFile: certificateAuthority === undefined ? null : resolve(certificateAuthority),
    };
  }
  const { host, port, tls } = listening;
  const isNamed = !['0.0.0.0', '::'].includes(host) && port !== 0;
  if (tls && isNamed)
    return { url: `https://${host.includes(':') ? `[${host}]` : host}:${port}`, certificateAuthorityFile: null };
  for (const [i, { revocation }] of (file?.clusters ?? []).entries())
    if (revocation?.mode === 'webhook' || revocation?.mode === 'listed')
      report(
        `/clusters/${i}/revocation/mode`,
        `${revocation.mode} needs publicAddress, or tls with a host that the cluster reaches: its API server asks kubepass, and over plain HTTP it would send no token`,
      );
  return null;
}
