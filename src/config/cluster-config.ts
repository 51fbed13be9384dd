import Value from 'typebox/value';
import { LocalCASettings, reportDifferences, type ClusterSettings } from './config-file.js';
import type { ReportProblem } from './report-problem.js';
import { whyNotUrl } from './https-url.js';
import { readRevocation, type RevocationConfig } from './revocation-config.js';

/** A configured cluster; every path is absolute. */
export interface ClusterConfig {
  /** A DNS label. */
  readonly name: string;
  /** An https URL, as it goes into kubeconfigs. */
  readonly server: string;
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
  readonly revocation: RevocationConfig;
}

export interface LocalCAConfig {
  readonly kind: 'localCA';
  readonly certFile: string;
  readonly keyFile: string;
  /** Whether the CA is generated where neither file exists: only with the embedded default. */
  readonly generate: boolean;
}

/** The cluster's own signer, through certificates.k8s.io; `connection` says how to reach it. */
interface KubernetesSignerConfig {
  readonly kind: 'kubernetes';
}

type ClusterConnectionConfig =
  | { readonly kind: 'kubeconfig'; readonly file: string; readonly context: string | null }
  | { readonly kind: 'inCluster' };

/** Reads one cluster of the configuration file; `resolve` makes its paths absolute. Undefined where it cannot be served. */
export function readCluster(
  settings: ClusterSettings,
  resolve: (path: string) => string,
  report: ReportProblem,
): ClusterConfig | undefined {
  const { name, server, allowPrivilegedGroups = [], readRoleBindings = false } = settings;
  if (!/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(name))
    report('/name', 'must be a DNS label: a-z, 0-9 and inner -, at most 63 characters');
  const whyNot = whyNotUrl(server);
  if (whyNot !== null) report('/server', whyNot);
  for (const [i, group] of allowPrivilegedGroups.entries())
    if (/^system:/i.test(group)) report(`/allowPrivilegedGroups/${i}`, 'system:* is never given out');

  const signer = readSigner(settings.signer, resolve, report);
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
      servingCertificateAuthorityFile:
        settings.servingCertificateAuthority === undefined ? null : resolve(settings.servingCertificateAuthority),
      clientCertificateAuthorityFile:
        settings.clientCertificateAuthority === undefined ? null : resolve(settings.clientCertificateAuthority),
      signer,
      connection,
      allowPrivilegedGroups,
      nameAlphabet: settings.nameAlphabet ?? 'ascii',
      readRoleBindings,
      allowExec: settings.allowExec ?? false,
      revocation,
    }
  );
}

function readSigner(
  value: unknown,
  resolve: (path: string) => string,
  report: ReportProblem,
): ClusterConfig['signer'] | undefined {
  if (Value.Check(LocalCASettings, value)) {
    const { certFile, keyFile } = value.localCA;
    return { kind: 'localCA', certFile: resolve(certFile), keyFile: resolve(keyFile), generate: false };
  }
  if (value === 'kubernetes') return { kind: 'kubernetes' };
  if (typeof value === 'object' && value !== null) reportDifferences(LocalCASettings, value, '/signer', report);
  else report('/signer', 'must be kubernetes, or { localCA: { certFile, keyFile } }');
  return undefined;
}

function readConnection(
  { kubeconfig, context, inCluster = false }: ClusterSettings,
  resolve: (path: string) => string,
  report: ReportProblem,
): ClusterConnectionConfig | null {
  if (inCluster && kubeconfig !== undefined) report('/inCluster', 'and kubeconfig exclude each other');
  if (context !== undefined && kubeconfig === undefined)
    report('/context', 'is a context of kubeconfig, which is missing');
  if (kubeconfig !== undefined) return { kind: 'kubeconfig', file: resolve(kubeconfig), context: context ?? null };
  return inCluster ? { kind: 'inCluster' } : null;
}
