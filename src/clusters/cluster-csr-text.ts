import { alignColumns, humanDuration, visible } from '@kubepass/inspect/formats';
import type { ClusterCsr } from '../model/cluster.js';

/** As `kubectl get csr` prints it. */
export function clusterCsrTable(csrs: readonly ClusterCsr[]): string {
  if (csrs.length === 0) return 'No resources found\n';
  const rows = csrs.map((csr) => [
    csr.name,
    ageOf(csr),
    csr.signerName || '<none>',
    csr.username,
    csr.expirationSeconds === null ? '<none>' : humanDuration(csr.expirationSeconds),
    csr.status,
  ]);
  const header = ['NAME', 'AGE', 'SIGNERNAME', 'REQUESTOR', 'REQUESTEDDURATION', 'CONDITION'];
  return alignColumns([header, ...rows.map(visibleCells)], { minimumWidth: 6, padding: 3 });
}

/** As `kubectl describe csr` prints it. Says why a request cannot be read, where kubectl prints only an error. */
export function clusterCsrDescription(csr: ClusterCsr): string {
  const lines = [
    ['Name:', csr.name],
    ['Labels:', keysAndValues(csr.labels)],
    ['Annotations:', keysAndValues(csr.annotations)],
    ['CreationTimestamp:', rfc1123(csr.createdAt)],
    ['Requesting User:', csr.username],
    ...(csr.signerName === '' ? [] : [['Signer:', csr.signerName]]),
    ...(csr.expirationSeconds === null ? [] : [['Requested Duration:', humanDuration(csr.expirationSeconds)]]),
    ['Status:', csr.status],
    ['Subject:'],
    ...subjectLines(csr),
    ...alternativeNameLines(csr),
    ['Events:', '<none>'],
  ];
  return alignColumns(lines.map(visibleCells), { minimumWidth: 0, padding: 2 });
}

function subjectLines({ request }: ClusterCsr): readonly string[][] {
  if (request.subject === null) return [['', 'Error:', request.refusal?.message ?? 'the request cannot be read']];
  const valuesOf = (type: string) =>
    request.attributes.flatMap((attribute) => (attribute.type === type ? (attribute.value ?? '') : []));
  return [
    // Go uses the last of several values.
    ['', 'Common Name:', valuesOf('2.5.4.3').at(-1) ?? ''],
    ['', 'Serial Number:', valuesOf('2.5.4.5').at(-1) ?? ''],
    ...Object.entries(listedAttributes).flatMap(([name, type]) => listed(name, valuesOf(type))),
  ];
}

/** The other attributes of X.520 that kubectl prints, in its order. */
const listedAttributes = {
  Organization: '2.5.4.10',
  'Organizational Unit': '2.5.4.11',
  Country: '2.5.4.6',
  Locality: '2.5.4.7',
  Province: '2.5.4.8',
  StreetAddress: '2.5.4.9',
  PostalCode: '2.5.4.17',
};

function alternativeNameLines({ request: { subjectAltNames } }: ClusterCsr): readonly string[][] {
  const valuesOf = (type: string) => subjectAltNames.flatMap((name) => (name.type === type ? name.value : []));
  const lines = [
    ...listed('DNS Names', valuesOf('dns')),
    ...listed('Email Addresses', valuesOf('email')),
    ...listed('URIs', valuesOf('uri')),
    ...listed('IP Addresses', valuesOf('ip')),
  ];
  return lines.length === 0 ? [] : [['Subject Alternative Names:'], ...lines];
}

const listed = (name: string, values: readonly string[]): string[][] =>
  values.map((value, i) => ['', i === 0 ? `${name}:` : '', value]);

function keysAndValues(map: Readonly<Record<string, string>>): string {
  const entries = Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.map(([key, value]) => `${key}=${value}`).join(',') || '<none>';
}

const ageOf = ({ createdAt, seenAt }: ClusterCsr): string =>
  humanDuration((seenAt.getTime() - createdAt.getTime()) / 1000);

/** `Mon, 02 Jan 2006 15:04:05 +0000`. */
const rfc1123 = (instant: Date): string => instant.toUTCString().replace('GMT', '+0000');

/** Escapes characters that move the cursor or cannot be seen, because anybody can put such text into a CSR. */
const visibleCells = (cells: readonly string[]): readonly string[] => cells.map(visible);
