import Value from 'typebox/value';
import type { ClusterSettings } from './config-schema.js';
import { LocalCASettings } from './config-schema.js';
import type { ClusterConfig, ClusterConnectionConfig } from './cluster-config.js';
import { reportShape } from './read-config-file.js';
import type { Report } from './report.js';

/** One cluster of the configuration file, `resolve` making its paths absolute; undefined where it cannot be served. */
export function readCluster(
  settings: ClusterSettings,
  resolve: (path: string) => string,
  report: Report,
): ClusterConfig | undefined {
  const { name, server, allowPrivilegedGroups = [], readRoleBindings = false } = settings;
  if (!/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(name))
    report('/name', 'must be a DNS label: a-z, 0-9 and inner -, at most 63 characters');
  const whyNot = whyNotServer(server);
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
    }
  );
}

function readSigner(
  value: unknown,
  resolve: (path: string) => string,
  report: Report,
): ClusterConfig['signer'] | undefined {
  if (Value.Check(LocalCASettings, value)) {
    const { certFile, keyFile } = value.localCA;
    return { kind: 'localCA', certFile: resolve(certFile), keyFile: resolve(keyFile), generate: false };
  }
  if (value === 'kubernetes') return { kind: 'kubernetes' };
  if (typeof value === 'object' && value !== null) reportShape(LocalCASettings, value, '/signer', report);
  else report('/signer', 'must be kubernetes, or { localCA: { certFile, keyFile } }');
  return undefined;
}

function readConnection(
  { kubeconfig, context, inCluster = false }: ClusterSettings,
  resolve: (path: string) => string,
  report: Report,
): ClusterConnectionConfig | null {
  if (inCluster && kubeconfig !== undefined) report('/inCluster', 'and kubeconfig exclude each other');
  if (context !== undefined && kubeconfig === undefined)
    report('/context', 'is a context of kubeconfig, which is missing');
  if (kubeconfig !== undefined) return { kind: 'kubeconfig', file: resolve(kubeconfig), context: context ?? null };
  return inCluster ? { kind: 'inCluster' } : null;
}

function whyNotServer(server: string): string | null {
  // It is written into kubeconfigs as it stands: the URL parser's own mendings (blanks, backslashes) are refused.
  if (!/^https:\/\/[^\s\\"'<>]+$/.test(server)) return 'must be an https URL';
  if (!URL.canParse(server)) return 'must be an https URL';
  const url = new URL(server);
  if (url.username !== '' || url.password !== '') return 'must not hold credentials';
  return server.includes('?') || server.includes('#') ? 'must have neither query nor fragment' : null;
}
