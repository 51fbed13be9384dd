// Tests packages/inspect/src/offline/inspect-files.ts, packages/inspect/src/reading/read-bytes.ts,
// packages/inspect/src/reading/read-kubernetes-documents.ts, packages/inspect/src/findings/find-all.ts
import { createPrivateKey } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { inspectFiles } from '../../src/offline/inspect-files.js';
import type { Inspection } from '../../src/model/inspection.js';
import { encodePem } from '@kubepass/x509';
import { readCsrFixture } from '../../../x509/test/fixtures/csr/index.js';
import { makeAuthority, makeCertificate, testNow } from '../../../x509/test/helpers/certificates.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'kubepass-folder-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function write(path: string, text: string): void {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

async function inspected(path: string): Promise<{ readonly exitCode: number; readonly inspection: Inspection }> {
  const { output, exitCode, complaints } = await inspectFiles(['--format', 'json', join(folder, path)], {
    now: testNow,
    stdout: {},
  });
  expect(complaints).toBe('');
  return { exitCode, inspection: JSON.parse(output) as Inspection };
}

const authority = makeAuthority();
const leaf = makeCertificate({ issuer: authority });
const quoted = authority.pem.trimEnd().replaceAll('\n', '\\n');

/** Lines that look like a manifest, each in some text that is none. */
const lines = [
  'kind: Secret',
  'users:\n\t- jane',
  'clusters: [one',
  'apiVersion: v1\nkind: }',
  '---\nkind: "cut off',
  'contexts: *none',
  'kind:\tPod',
  '-----BEGIN CERTIFICATE-----',
  '-----BEGIN PRIVATE KEY-----\nMIIE…\n-----END PRIVATE KEY-----',
  'ca: LS0tLS1CRUdJTi…',
];
/** A text without a name that says what it is holds no PEM. */
const withoutPem = (line: string): string => line.replaceAll(/-----BEGIN |LS0/g, '');
const texts: Readonly<Record<string, (line: string) => string>> = {
  'README.md': (line) =>
    `---\ntitle: Web\nkind: page\n---\n\n# Web\n\n\`\`\`yaml\n${line}\n\`\`\`\n\n---\n\nEnd: {of\n`,
  'main.go': (line) => `package main\n\nconst manifest = \`\n${line}\n\`\n\nvar pem = "${quoted}"\n\nfunc main() {}\n`,
  'templates/web.yaml': (line) =>
    `{{- if .Values.web }}\n${line}\nname: {{ .Release.Name }}\n---\n${line}\n{{- end }}\n`,
  'templates/secret.yaml': () => 'apiVersion: v1\nkind: Secret\ndata:\n  tls.crt: "{{ .Values.crt | b64enc }}"\n',
  'templates/_web.tpl': (line) => `{{- define "web" -}}\n${line}\n{{- end }}\n`,
  Makefile: (line) => `kind: build\n\tkind create cluster\n\ndefine MANIFEST\n${line}\nendef\n`,
  'web.ts': (line) => `interface Web {\n  kind: 'web';\n  users: string[]\n}\nconst text = \`\n${line}\n\`;\n`,
  'web.yaml': (line) => `apiVersion: v1\nkind: Service\nmetadata: {name: web\n# ${withoutPem(line)}\n`,
  'web.txt': (line) => `Notes: [of\nkind: text\n${withoutPem(line)}\n`,
  'web.sh': (line) => `kubectl apply -f - <<END\n${line}\nEND\n`,
};

it('finds no error in 500 texts of code, documents and charts that look like manifests', async () => {
  for (let i = 0; i < 5; i++)
    for (const [j, line] of lines.entries())
      for (const [name, text] of Object.entries(texts)) write(`code/${i}/${j}/${name}`, `${text(line)}\n# ${i}\n`);
  const { exitCode, inspection } = await inspected('code');
  expect(inspection.objects.filter(({ type }) => type !== 'Certificate').length).toBeGreaterThanOrEqual(500);
  expect(inspection.objects.filter(({ type }) => type === 'Certificate')).toHaveLength(50);
  expect(inspection.findings.filter(({ severity }) => severity === 'error')).toEqual([]);
  expect(exitCode).toBe(0);
});

it('has an info for a request that kubepass would not accept, as it may be for another CA', async () => {
  write('requests/web.csr', encodePem('CERTIFICATE REQUEST', readCsrFixture('subject-alt-name.der')));
  const { inspection } = await inspected('requests');
  expect(inspection.findings.map(({ code, severity }) => `${severity} ${code}`)).toEqual([
    'info RequestNotForKubepass',
  ]);
});

it('names the option that opens a key', async () => {
  const key = createPrivateKey(leaf.key.pem).export({
    ...{ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'secret' },
  });
  write('locked/jane.key', key.toString());
  const { inspection } = await inspected('locked');
  expect(inspection.findings.find(({ code }) => code === 'PrivateKeyLocked')?.advice).toContain('--password-file FILE');
});

it('calls a manifest damaged where something is found in it', async () => {
  write('damaged/ca.yaml', `kind: Secret\ndata: [\n  ca.crt: ${Buffer.from(leaf.pem).toString('base64')}\n`);
  const { exitCode, inspection } = await inspected('damaged');
  expect(inspection.findings).toContainEqual(expect.objectContaining({ code: 'MalformedObject', severity: 'error' }));
  expect(exitCode).toBe(1);
});

it('finds CAs in all of a folder, which has more files than are read together', async () => {
  const count = 120;
  for (let i = 0; i < count; i++) {
    const ca = makeAuthority();
    write(`fleet/authorities/${i}.crt`, ca.pem);
    write(`fleet/users/${i}.crt`, makeCertificate({ issuer: ca }).pem);
  }
  const { inspection } = await inspected('fleet');
  const signers = inspection.relations.flatMap(({ type, from, to }) => (type === 'SignedBy' ? [[from, to]] : []));
  expect(signers).toHaveLength(count);
  for (const [from, to] of signers) expect(from?.replace('/users/', '/authorities/')).toBe(to);
  expect(inspection.findings.map(({ code }) => code)).not.toContain('IssuerMissing');
});
