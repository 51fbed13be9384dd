// Tests packages/inspect/src/report/report-text.ts, packages/inspect/src/report/object-fields.ts,
// packages/inspect/src/report/summary.ts, packages/inspect/src/report/openssl-text.ts
import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { InspectedObject, Inspection } from '../../src/model/inspection.js';
import { reportText } from '../../src/report/report-text.js';
import { readCertificateTree } from '@kubepass/x509/tree';
import {
  attacks,
  certificateOf,
  everything,
  finding,
  fixtureDer,
  fixtureText,
  hostile,
  kubeconfig,
  now,
  requestOf,
  treesOf,
} from './inspections.js';

const fixtures = readdirSync(new URL('../../../x509/test/fixtures/openssl-3.5/', import.meta.url)).flatMap((file) =>
  file.endsWith('.pem') ? [file.slice(0, -'.pem'.length)] : [],
);

const inspectionOf = (...objects: InspectedObject[]): Inspection => ({ objects, relations: [], findings: [] });

function textOfFixture(name: string): string {
  const der = fixtureDer(name);
  const object = name.endsWith('.csr') ? requestOf('upload', der) : certificateOf('upload', fixtureDer('k8s-ca.crt'));
  const path = name.endsWith('.csr') ? 'csr' : 'upload';
  return reportText(inspectionOf({ ...object, path }), treesOf([[path, der]]), now);
}

describe('the report on a terminal', () => {
  it('shows all there is', async () => {
    const { inspection, trees } = everything();
    await expect(reportText(inspection, trees, now)).toMatchFileSnapshot('golden/everything.txt');
  });

  it('begins with one table of everything and what is worst about it', () => {
    const { inspection, trees } = everything();
    const lines = reportText(inspection, trees, now).split('\n');
    expect(lines[0]).toBe('17 objects: 2 errors, 2 warnings, 1 info (2026-11-25 12:00 UTC)');
    expect(lines[2]).toMatch(/^OBJECT +WHAT +WHO +ISSUER +UNTIL +VERDICT$/);
    const row = (path: string) => lines.find((line) => line.startsWith(`${path} `));
    expect(row('pki/ca.crt')).toMatch(/cluster CA +CN=kubernetes +itself +2036-11-22, 9 years +ok$/);
    expect(row('old.crt')).toMatch(/2000-01-01, 26 years ago +error$/);
    expect(row('admin.conf')).toMatch(/kubernetes-admin +- +- +error$/);
    expect(row('notes.txt')).toMatch(/info$/);
  });

  it('is at most 120 columns wide where OpenSSL and the paths are not wider', () => {
    const { inspection, trees } = everything();
    const table = reportText(inspection, trees, now).split('\n').slice(0, 70);
    for (const line of table.filter((text) => !text.includes('admin.conf#')))
      expect(line.length).toBeLessThanOrEqual(120);
  });

  it.each(fixtures.filter((name) => name !== 'ext-san-smtputf8.crt'))(
    'ends with what OpenSSL 3.5 prints of the only object: %s',
    (name) => {
      expect(textOfFixture(name).endsWith(`\n\n${fixtureText(name)}`)).toBe(true);
    },
  );

  it('writes out the control characters that OpenSSL sends to the terminal', () => {
    expect(fixtureText('ext-san-smtputf8.crt')).toContain('\u0082');
    const escaped = fixtureText('ext-san-smtputf8.crt').replaceAll('\u0082', '\\u{82}').replaceAll('\u0098', '\\u{98}');
    expect(textOfFixture('ext-san-smtputf8.crt').endsWith(`\n\n${escaped}`)).toBe(true);
  });

  it('tells the fields by itself where OpenSSL would print nothing', () => {
    const damaged = certificateOf('upload', fixtureDer('k8s-admin.crt'), {
      extensions: [
        { oid: '2.5.29.15', name: 'keyUsage', critical: true, value: ['digitalSignature'], hex: null },
        { oid: '1.2.3', name: '1.2.3', critical: false, value: null, hex: '0500' },
      ],
    });
    // OpenSSL loads no certificate with something behind its signature.
    const unprintable = { ...readCertificateTree(fixtureDer('k8s-admin.crt')), trailing: ['the signature'] };
    const text = reportText(inspectionOf(damaged), new Map([['upload', unprintable]]), now);
    expect(text).not.toContain('Certificate:\n');
    expect(text).toMatch(/serial number: +[0-9a-f]+\n/);
    expect(text).toMatch(/keyUsage \(critical\): \["digitalSignature"\]\n/);
    expect(text).toMatch(/1\.2\.3: +0500\n/);
    expect(reportText(inspectionOf(damaged), new Map(), now)).toBe(text);
  });

  it('prints contexts as kubectl does', () => {
    expect(reportText(inspectionOf(kubeconfig), new Map(), now)).toContain(
      `  CURRENT   NAME                          CLUSTER      AUTHINFO           NAMESPACE
  *         kubernetes-admin@kubernetes   kubernetes   kubernetes-admin
            staging                       staging      oidc               team-a
`,
    );
  });

  it('shows the command of a kubeconfig with the ends of its arguments', () => {
    expect(reportText(inspectionOf(kubeconfig), new Map(), now)).toContain(
      `command (not run): /usr/bin/kubelogin get-token "--issuer=a b" "it's"\n`,
    );
  });

  it('says once what is found of several, and counts each', () => {
    const inspection = {
      ...inspectionOf(),
      findings: [
        finding('WeakKey', 'error', 'a', { message: 'It is weak.' }),
        finding('WeakKey', 'error', 'b', { message: 'It is weaker.' }),
        finding('WeakKey', 'error', 'c', { message: 'It is weak.' }),
      ],
    };
    expect(reportText(inspection, new Map(), now)).toContain(`FINDINGS

  3 errors

    WeakKey: a
             c
      It is weak.
      -> Do something about it.
      see RFC 5280 4.1

    WeakKey: b
      It is weaker.
`);
  });

  it('says that there is nothing to say', () => {
    expect(reportText(inspectionOf(), new Map(), now)).toBe('0 objects: no findings (2026-11-25 12:00 UTC)\n');
  });

  it('lets nobody move the cursor, turn the text around or hide in it', () => {
    const { inspection, trees } = hostile();
    const text = reportText(inspection, trees, now);
    expect(text).not.toMatch(/[^\P{C}\n]|[\p{Zl}\p{Zp}]|(?! )\p{Zs}/u);
    expect(text).toContain('\\u{1b}[2J\\u{1b}]0;owned\\u{7}\\u{9b}31m\\u{d}\\u{a}FINDINGS\\u{a}\\u{a}');
    expect(text).toContain('a\\u{202e}gnp.exe\\u{2066}\\u{200b}\\u{2028}\\u{feff}\\u{a0}\\u{3164}end');
    expect(text.match(/^FINDINGS$/gm)).toHaveLength(1);
  });

  it('keeps the margin for its own headings, whatever a certificate has line breaks in', () => {
    const der = fixtureDer('ext-unknown-long.crt');
    expect(fixtureText('ext-unknown-long.crt')).toMatch(/\n\.\.\n/);
    const objects = [certificateOf('a', der), certificateOf('b', fixtureDer('k8s-ca.crt'))];
    const text = reportText(inspectionOf(...objects), treesOf([['a', der]]), now);
    expect(text).toContain('\n  ..\n');
    const atMargin = text.split('\n').filter((line) => /^[^ ]/.test(line));
    expect(atMargin.filter((line) => !/^(\d|OBJECT|[ab] |[ab]: |-+$|Certificate:$)/.test(line))).toEqual([]);
  });

  it('gives a wide label no room to repeat itself', () => {
    const wide = certificateOf('upload', fixtureDer('k8s-ca.crt'), {
      extensions: [{ oid: '1.2', name: '1.'.repeat(50_000), critical: false, value: null, hex: '00'.repeat(50_000) }],
    });
    expect(reportText(inspectionOf(wide), new Map(), now).length).toBeLessThan(500_000);
  });

  it('quotes attacks in findings as they are written', () => {
    const inspection = { ...inspectionOf(), findings: [finding('X', 'error', 'a', { message: attacks[0]! })] };
    expect(reportText(inspection, new Map(), now)).toContain(`      ${attacks[0]!}\n`);
  });
});
