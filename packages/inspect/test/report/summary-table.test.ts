// Tests packages/inspect/src/report/summary-table.ts, packages/inspect/src/report/summary.ts,
// packages/inspect/src/formats/text/screen.ts
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { columnsOf, cut, plainScreen, screenOf } from '../../src/formats/text/screen.js';
import type { CertificateContent, InspectedObject, Inspection } from '../../src/model/inspection.js';
import { reportText } from '../../src/report/report-text.js';
import { summaryTable } from '../../src/report/summary-table.js';
import { certificateOf, everything, finding, fixtureDer, hostile, kubeconfig, nameOf, now } from './inspections.js';

const der = fixtureDer('k8s-ca.crt');
const namesOf = (...names: readonly string[]): Partial<CertificateContent> => ({
  extensions: [
    {
      oid: '2.5.29.17',
      name: 'subjectAltName',
      critical: false,
      value: names.map((value) => ({ type: 'dNSName', value, hex: null })),
      hex: null,
    },
  ],
});
const at = (path: string, more: Partial<CertificateContent> = {}) => certificateOf(path, der, more);
const key = (path: string): InspectedObject => ({
  path,
  type: 'PrivateKey',
  encoding: 'PKCS#8',
  encrypted: true,
  encryption: null,
  publicKey: null,
});

function tableOf(objects: readonly InspectedObject[], width = 120, findings: Inspection['findings'] = []) {
  const table = summaryTable({ objects, relations: [], findings }, now, { ...plainScreen, width });
  expect(Math.max(...table.split('\n').map(columnsOf))).toBeLessThanOrEqual(width);
  return table;
}

describe('the table of all objects', () => {
  it('says what each is, who, by whom, for which names, until when, and the verdict', () => {
    const server = at('tls.crt', { ...namesOf('cp-1', 'kubernetes', 'a', 'b'), role: 'Serving' });
    expect(tableOf([server, at('ca.crt', { selfSigned: true })], 130, [finding('X', 'error', 'tls.crt')])).toBe(
      `OBJECT   WHAT                WHO            ISSUER      NAMES                   UNTIL                VERDICT
tls.crt  server certificate  CN=kubernetes  kubernetes  cp-1, kubernetes, a, b  2036-11-22, 9 years  error
ca.crt   certificate         CN=kubernetes  itself      -                       2036-11-22, 9 years  ok
`,
    );
  });

  it('gives a kubeconfig, and all else that holds others, the worst verdict of what is in it', () => {
    const verdicts = (objects: readonly InspectedObject[], findings: Inspection['findings']) =>
      tableOf(objects, 120, findings)
        .trimEnd()
        .split('\n')
        .slice(1)
        // The end of a long path is in a line before the row.
        .filter((row) => / (ok|info|warning|error)$/.test(row))
        .map((row) => row.split(' ').at(-1));
    const certificate = 'users[0].user.client-certificate-data';
    const inFile = [{ ...kubeconfig, path: 'a.kubeconfig' }, at(`a.kubeconfig#${certificate}`), at('a.kubeconfig2')];
    expect(verdicts(inFile, [finding('X', 'error', `a.kubeconfig#${certificate}`)])).toEqual(['error', 'error', 'ok']);
    const alone = [{ ...kubeconfig, path: 'upload' }, at(certificate)];
    const both = [finding('X', 'info', 'upload'), finding('X', 'warning', certificate)];
    expect(verdicts(alone, both)).toEqual(['warning', 'warning']);
  });

  it('leaves out what no object has', () => {
    expect(tableOf([key('a.key')])).toBe(`OBJECT  WHAT                   VERDICT\na.key   encrypted private key  ok\n`);
  });

  it('names an issuer whose common name does not tell it by its whole name', () => {
    const issuerOf = (...attributes: readonly (readonly [string, string])[]) =>
      tableOf([at('a', { issuer: nameOf(...attributes) })]);
    expect(issuerOf(['O', 'corp'], ['CN', 'ca'])).toMatch(/ ca {2}/);
    expect(issuerOf(['CN', 'a'], ['CN', 'b'])).toContain('CN=a,CN=b');
    expect(issuerOf(['O', 'corp'])).toContain('O=corp');
  });

  it('says once in which folder all of them are', () => {
    const rows = (...paths: string[]) =>
      tableOf(paths.map(key))
        .split('\n')
        .map((line) => line.split('  ')[0]);
    expect(rows('/etc/pki/ca.key', '/etc/pki/etcd/ca.key')).toEqual([
      'in /etc/pki/:',
      'OBJECT',
      'ca.key',
      'etcd/ca.key',
      '',
    ]);
    expect(rows('/etc/pki/ca.key')).toEqual(['in /etc/pki/:', 'OBJECT', 'ca.key', '']);
    expect(rows('pki/a.key', 'pki2/a.key')).toEqual(['OBJECT', 'pki/a.key', 'pki2/a.key', '']);
    expect(rows('/a.key', 'b.key')).toEqual(['OBJECT', '/a.key', 'b.key', '']);
    expect(rows('/a.key', '/b.key')).toEqual(['OBJECT', '/a.key', '/b.key', '']);
    expect(rows('x/c', 'x/c#users[0].key')).toEqual(['in x/:', 'OBJECT', 'c', '#users[0].key', '']);
    expect(rows('x/c', 'x/c#k', 'x/d')).toEqual(['in x/:', 'OBJECT', 'c', '#k', 'd', '']);
    expect(rows('x/a#b.key', 'x/d')).toEqual(['in x/:', 'OBJECT', 'a#b.key', 'd', '']);
    expect(rows('x/c', 'x/c#k', 'x/d', 'x/d#k')).toEqual(['in x/:', 'OBJECT', 'c', 'c#k', 'd', 'd#k', '']);
  });

  it('never lets two objects read the same', () => {
    const path = (middle: string) => `${'a'.repeat(200)}${middle}${'b'.repeat(200)}.key`;
    const table = tableOf([key(path('x')), key(path('y')), key('c.key')], 60);
    for (const middle of ['x', 'y']) expect(table.replaceAll('\n    ', '')).toContain(path(middle));
    expect(table).toMatch(/^c\.key +encrypted private key +ok$/m);
    expect(table.match(/^ +encrypted private key +ok$/gm)).toHaveLength(2);
  });

  it.each([60, 80, 120, 200])('fits %i columns, and cuts neither the time nor the verdict', (width) => {
    const objects = Array.from({ length: 200 }, (_, i) =>
      at(`a/${'long-'.repeat(i % 7)}${i}.crt`, {
        ...namesOf(`host-${i}.${'sub.'.repeat(i % 9)}example`, 'b', 'c'),
        role: 'ApiServerKubeletClient',
        kubernetes: { username: 'u'.repeat(i), groups: ['system:masters'], uid: null, credentialId: 'x' },
        ...(i === 3 ? { notBefore: '2036-01-01T00:00:00Z' } : {}),
      }),
    );
    const table = tableOf(objects, width);
    expect(table.match(/2036-11-22, (?:9 years|begins in 9 years) {2,}(?:ok|error)$/gm)).toHaveLength(200);
    const all = everything();
    for (const { type } of all.inspection.objects) expect(type).toBeDefined();
    tableOf([...all.inspection.objects, kubeconfig], width, all.inspection.findings);
  });

  it('moves what has no room to a line below the row', () => {
    const server = at('apiserver.crt', { ...namesOf('cp-1', 'kubernetes'), role: 'ApiServerServing' });
    expect(tableOf([server, key('a.key')], 60)).toBe(
      `OBJECT         UNTIL                VERDICT
apiserver.crt  2036-11-22, 9 years  ok
  what API server
  who CN=kubernetes
  issuer kubernetes
  names cp-1, kubernetes
a.key          -                    ok
  what encrypted private key
`,
    );
  });

  it('lets no text of an upload pass for another cell or row', () => {
    const username = `u; issuer itself ${'x'.repeat(60)}`;
    const liar = at(`${'a'.repeat(50)} issuer itself ${'a'.repeat(40)} ca.crt  CA  ok.crt`, {
      kubernetes: { username, groups: [], uid: null, credentialId: 'x' },
    });
    const table = tableOf([liar, key('b.key')], 60);
    expect(table.match(/^ {2}issuer .*$/gm)).toEqual(['  issuer kubernetes']);
    expect(table).toMatch(/^ {2}who u; issuer itself x+…$/m);
    expect(table).not.toMatch(/^ ?ca/m);
    const indented = tableOf([key('a.key'), key('  who jane'), key(`  who ${'jane '.repeat(20)}`)], 60);
    expect(indented).not.toMatch(/^ {2}who/m);
    expect(indented.match(/^\\u\{20\} who jane/gm)).toHaveLength(2);
  });

  it('counts East Asian characters twice and marks not at all', () => {
    expect(columnsOf('证书.key')).toBe(8);
    expect(columnsOf('e\u0301\u{1f512}\u{20000}')).toBe(5);
    expect(cut('证书证书', 6)).toBe('证书…');
    expect(cut('证书证书', 5)).toBe('证书…');
    expect(cut('证书证书', 4)).toBe('证…');
    expect(cut('abcdef', 4)).toBe('abc…');
    expect(cut('abcd', 4)).toBe('abcd');
    const table = tableOf([key('证书.key'), key('a.key')]);
    expect(table).toContain('证书.key  encrypted');
    expect(table).toContain('a.key     encrypted');
  });

  it('is linear in hostile names', () => {
    const long = at('x', {
      ...namesOf('证'.repeat(10_000), 'b', 'c'),
      issuer: nameOf(['CN', '\u0301'.repeat(10_000)]),
    });
    expect(tableOf([long, at('\u001b[31m\u202e'.repeat(50))], 60).length).toBeLessThan(3_000);
  });

  it('colours the verdict, the end and the heads, and nothing of an upload', () => {
    const { inspection, trees } = hostile();
    const screen = screenOf({ isTTY: true, columns: 100, hasColors: () => true });
    const coloured = reportText(inspection, trees, now, screen);
    const escapes = coloured.split('\u001b').slice(1);
    expect(escapes.filter((part) => !/^\[(?:1|22|3[1236]|39)m/.test(part))).toEqual([]);
    expect(stripVTControlCharacters(coloured)).toBe(reportText(inspection, trees, now, { ...plainScreen, width: 100 }));
    const soon = [finding('CertificateExpiresSoon', 'warning', 'a')];
    const objects = [at('a'), at('b', { notAfter: '2026-11-20T00:00:00Z' })];
    const table = summaryTable({ objects, relations: [], findings: soon }, now, screen);
    expect(table).toContain('\u001b[33m2036-11-22, 9 years\u001b[39m');
    expect(table).toContain('\u001b[31m2026-11-20, 5 days ago\u001b[39m');
    expect(table).toContain('\u001b[33mwarning\u001b[39m');
    expect(table).toContain('\u001b[32mok\u001b[39m');
    expect(table).toContain('\u001b[1mOBJECT\u001b[22m');
  });

  it('knows the screen', () => {
    expect(screenOf({})).toEqual(plainScreen);
    expect(screenOf({ isTTY: true, columns: 0, hasColors: () => false })).toEqual(plainScreen);
    expect(screenOf({ isTTY: true, columns: 20 }).width).toBe(60);
    expect(screenOf({ isTTY: true, columns: 300 }).width).toBe(300);
  });
});
