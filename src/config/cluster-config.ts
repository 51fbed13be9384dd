import type { RevocationSettings } from '../model/revocation-enforcement.js';
import type { ClusterSettings, FileSettings } from './config-file.js';
import { type LocalCAConfig, readLocalCA } from './issuer-config.js';
import { reportUnlessDnsLabel, resolveOptional, whyNotUrl, type ReportProblem, type Resolve } from './setting.js';

/** A configured cluster; every path is absolute. */
export interface ClusterConfig {
  /** A DNS label. */
  readonly name: string;
  /** An https URL, as it goes into kubeconfigs. */
  readonly server: string;
  /** The https URL of each API server that issuers are probed at; they differ. */
  readonly apiServers: readonly string[];
  /** PEM: the CA that kubeconfigs carry to trust the API server; null: the one of the kubeconfig in `connection`. */
  readonly servingCertificateAuthorityFile: string | null;
  /** PEM: the CA that user certificates chain to; null: the local CA, or the one that the cluster publishes. */
  readonly clientCertificateAuthorityFile: string | null;
  readonly signer: LocalCAConfig | KubernetesSignerConfig;
  /** How the service itself reaches the cluster; null where it does not. */
  readonly connection: ClusterConnectionConfig | null;
  /** Literal names of groups; never `system:*`. */
  readonly allowPrivilegedGroups: readonly string[];
  readonly nameAlphabet: 'ascii' | 'unicode';
  /** Whether roles and role bindings are read through `connection`, in order to show what an identity could do. */
  readonly readRoleBindings: boolean;
  /** Whether a kubeconfig in `connection` may name an exec plugin. */
  readonly allowExec: boolean;
  /** Whether it shares its trust: user certificates of all clusters that say so may work on each of them. */
  readonly sharedTrust: boolean;
  readonly revocation: RevocationSettings;
}

/** The cluster's own signer, through certificates.k8s.io; `connection` says how to reach it. */
interface KubernetesSignerConfig {
  readonly kind: 'kubernetes';
}

type ClusterConnectionConfig =
  | { readonly kind: 'kubeconfig'; readonly file: string; readonly context: string | null }
  | { readonly kind: 'inCluster' };

/**
 * Reads one cluster of the configuration file; `resolve` makes its paths absolute. Undefined where it cannot be served.
 */
export function readCluster(
  settings: ClusterSettings,
  resolve: Resolve,
  report: ReportProblem,
): ClusterConfig | undefined {
  const { name, server, allowPrivilegedGroups = [], readRoleBindings = false } = settings;
  reportUnlessDnsLabel(name, '/name', report);
  const whyNot = whyNotUrl(server);
  if (whyNot !== null) report('/server', whyNot);
  for (const [i, group] of allowPrivilegedGroups.entries())
    if (/^system:/i.test(group)) report(`/allowPrivilegedGroups/${i}`, 'system:* is never given out');

  const signer = readSigner(settings.signer, resolve, report);
  const apiServers = readApiServers(settings, report);
  const connection = readConnection(settings, resolve, report);
  if (signer?.kind === 'kubernetes' && connection === null)
    report('/signer', 'kubernetes needs a way to reach the cluster: kubeconfig, or inCluster: true');
  if (readRoleBindings && connection === null)
    report('/readRoleBindings', 'needs a way to reach the cluster: kubeconfig, or inCluster: true');
  if (settings.servingCertificateAuthority === undefined && connection === null)
    report('/servingCertificateAuthority', 'is missing: kubeconfigs carry it to trust the API server');
  const revocation = readRevocation(settings.revocation, connection !== null, report);
  return (
    signer && {
      name,
      server,
      apiServers,
      servingCertificateAuthorityFile: resolveOptional(settings.servingCertificateAuthority, resolve),
      clientCertificateAuthorityFile: resolveOptional(settings.clientCertificateAuthority, resolve),
      signer,
      connection,
      allowPrivilegedGroups,
      nameAlphabet: settings.nameAlphabet ?? 'ascii',
      readRoleBindings,
      allowExec: settings.allowExec ?? false,
      sharedTrust: settings.sharedTrust ?? false,
      revocation,
    }
  );
}

function readSigner(value: unknown, resolve: Resolve, report: ReportProblem): ClusterConfig['signer'] | undefined {
  if (value === 'kubernetes') return { kind: 'kubernetes' };
  if (typeof value === 'object' && value !== null) return readLocalCA(value, resolve, report);
  report('/signer', 'must be kubernetes, { localCA: { certFile, keyFile } } or { localCA: { issuers } }');
  return undefined;
}

function readApiServers({ server, apiServers, signer }: ClusterSettings, report: ReportProblem): readonly string[] {
  if (apiServers === undefined) return [server];
  if (signer === 'kubernetes') report('/apiServers', 'goes with signer: localCA, whose issuers are probed there');
  const seen = new Set<string>();
  for (const [i, url] of apiServers.entries()) {
    const whyNot = whyNotUrl(url);
    if (whyNot !== null) report(`/apiServers/${i}`, whyNot);
    else if (seen.size === seen.add(new URL(url).href).size) report(`/apiServers/${i}`, 'is that of an earlier one');
  }
  return apiServers;
}

function readConnection(
  { kubeconfig, context, inCluster = false }: ClusterSettings,
  resolve: Resolve,
  report: ReportProblem,
): ClusterConnectionConfig | null {
  if (inCluster && kubeconfig !== undefined) report('/inCluster', 'and kubeconfig exclude each other');
  if (context !== undefined && kubeconfig === undefined)
    report('/context', 'is a context of kubeconfig, which is missing');
  if (kubeconfig !== undefined) return { kind: 'kubeconfig', file: resolve(kubeconfig), context: context ?? null };
  return inCluster ? { kind: 'inCluster' } : null;
}

/** How clusters reach the service. */
export interface PublicAddressConfig {
  /** An https URL without a slash at its end. */
  readonly url: string;
  /** PEM: the CA that the certificate at this address chains to; null: one that the nodes of the clusters trust. */
  readonly certificateAuthorityFile: string | null;
}

/** The cluster of the embedded default refuses no revoked certificate: only expiry ends one. */
export const embeddedRevocation: RevocationSettings = {
  mode: 'none',
  whenInDoubt: 'deny',
  configMap: { namespace: 'kubepass', name: 'revoked-certificates' },
};

/** `connected`: whether the service itself reaches the cluster. */
function readRevocation(
  settings: ClusterSettings['revocation'],
  connected: boolean,
  report: ReportProblem,
): RevocationSettings {
  const { mode = 'none', whenInDoubt = 'deny', configMap = embeddedRevocation.configMap } = settings ?? {};
  if (mode === 'admission' && !connected)
    report('/revocation/mode', 'admission needs a way to reach the cluster: kubeconfig, or inCluster: true');
  if (settings?.configMap !== undefined && mode !== 'admission')
    report('/revocation/configMap', 'goes with mode: admission');
  if (settings?.whenInDoubt !== undefined && mode === 'none')
    report('/revocation/whenInDoubt', 'goes with a mode that refuses revoked certificates');
  reportUnlessDnsLabel(configMap.namespace, '/revocation/configMap/namespace', report);
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
  file: Pick<Partial<FileSettings>, 'publicAddress' | 'clusters'>,
  listening: { readonly host: string; readonly port: number; readonly tls: boolean },
  resolve: Resolve,
  report: ReportProblem,
): PublicAddressConfig | null {
  const { url, certificateAuthority } = file.publicAddress ?? {};
  if (url !== undefined) {
    const whyNot = whyNotUrl(url);
    if (whyNot !== null) report('/publicAddress/url', whyNot);
    return {
      url: url.replace(/\/+$/, ''),
      certificateAuthorityFile: resolveOptional(certificateAuthority, resolve),
    };
  }
  const { host, port, tls } = listening;
  const isNamed = !['0.0.0.0', '::'].includes(host) && port !== 0;
  if (tls && isNamed)
    return { url: `https://${host.includes(':') ? `[${host}]` : host}:${port}`, certificateAuthorityFile: null };
  for (const [i, { revocation }] of (file.clusters ?? []).entries())
    if (revocation?.mode === 'webhook' || revocation?.mode === 'listed')
      report(
        `/clusters/${i}/revocation/mode`,
        `${revocation.mode} needs publicAddress, or tls with a host that the cluster reaches: its API server asks kubepass, and over plain HTTP it would send no token`,
      );
  return null;
}
