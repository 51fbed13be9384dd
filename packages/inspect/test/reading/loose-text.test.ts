// Tests packages/inspect/src/reading/read-loose-text.ts, packages/inspect/src/reading/read-kubernetes-documents.ts
import { describe, expect, it } from 'vitest';
import { authority, base64, client, outline, read } from './uploads.js';

const broken = 'kind: Config\nusers: [jane\n  - oops\n';
const folded = (text: string, width: number, indent: string): string =>
  text.replaceAll(new RegExp(`.{${width}}`, 'g'), `$&\n${indent}`);

describe('a text that is no YAML', () => {
  it.each<[string, string, readonly string[]]>([
    ['base64 behind its key', `${broken}  ca: ${base64(authority.pem)}\n`, ['ca Certificate']],
    ['base64 in quotes', `${broken}  "ca" : "${base64(authority.pem)}",\n`, ['ca Certificate']],
    ['base64 of DER', `${broken}  ca: ${base64(authority.der)}\n`, ['ca Certificate']],
    ['base64 without a key', `${broken}  - ${base64(authority.pem)}\n`, ['["line 4"] Certificate']],
    ['folded base64', `${broken}  ca: ${folded(base64(authority.pem), 76, '      ')}\n  x: y\n`, ['ca Certificate']],
    ['base64 with CRLF', `${broken}ca: ${base64(authority.pem)}\r\nx: y\r\n`, ['ca Certificate']],
    ['indented PEM', `${broken}  ca: |\n${authority.pem.replaceAll(/^(?=.)/gm, '    ')}`, ['["line 5"] Certificate']],
    ['PEM with \\n', `${broken}  ca: "${authority.pem.replaceAll('\n', '\\n')}"\n`, ['ca Certificate']],
    [
      'one key twice',
      `${broken}  ca: ${base64(authority.pem)}\n  ca: ${base64(client.pem)}\n`,
      ['ca Certificate', 'ca~2 Certificate'],
    ],
    [
      'an alias without its anchor',
      `kind: Config\nhost: *.example\nca: ${base64(authority.pem)}\n`,
      ['ca Certificate'],
    ],
    ['nothing to find', broken, []],
    ['other base64', `${broken}  token: ${base64('not a certificate, and long enough to be one of those')}\n`, []],
    ['base64 that only begins so', `${broken}  x: MII${'A'.repeat(60)}\n`, []],
  ])('shows what it holds: %s', async (_, text, expected) => {
    const objects = await read(text);
    expect(outline(objects)).toEqual(['upload Unknown', ...expected]);
    expect(objects.slice(1).every(({ parent }) => parent === 'upload')).toBe(true);
    // The text counts as a manifest only where something is found.
    const code = expected.length > 0 ? 'MalformedObject' : 'UnrecognisedContent';
    expect(objects[0]?.observations.map((observation) => observation.code)).toEqual([code]);
  });

  it.each<[string, string, readonly string[]]>([
    ['a file of variables', `export A=b\nCA=${base64(authority.pem)}\n`, ['CA Certificate']],
    ['a command', `$ echo ${base64(client.pem)} | base64 -d\n`, ['["line 1"] Certificate']],
    ['broken JSON', `{"kind": "Config", "clusters": [{"ca": "${base64(authority.pem)}"},,`, ['ca Certificate']],
    ['the beginning of base64 of PEM alone', 'x LS0tLS1CRUdJTi\n', []],
  ])('may be no document at all: %s', async (_, text, expected) => {
    expect(outline(await read(text))).toEqual(['upload Unknown', ...expected]);
  });

  it('is one of several documents, of which the others are read as ever', async () => {
    const secret = `apiVersion: v1\nkind: Secret\ndata:\n  ca.crt: ${base64(authority.pem)}\n`;
    const text = `${secret}---\n${broken}  ca: ${base64(client.pem)}\n---\n${secret}`;
    expect(outline(await read(text))).toEqual([
      'upload[0] Secret',
      'upload[0]#data["ca.crt"] Certificate',
      'upload[1] Unknown',
      'upload[1]#ca Certificate',
      'upload[2] Secret',
      'upload[2]#data["ca.crt"] Certificate',
    ]);
  });

  it('names lines as the upload counts them', async () => {
    const text = `a: b\n---\n${broken}\n\n- ${base64(client.pem)}\n`;
    expect(outline(await read(text)).at(-1)).toBe('upload[1]#["line 8"] Certificate');
  });

  it('is no damaged manifest where it is a template', async () => {
    const [object] = await read(`kind: Secret\nname: {{ .Name }}\n  ca: ${base64(authority.pem)}\n`);
    expect(object?.observations).toEqual([
      { code: 'UnrecognisedContent', message: 'It is a template; 1 object was found in its text' },
    ]);
  });

  it.each([
    ['README.md', 'a document'],
    ['web.tar/docs/a.rst', 'a document'],
    ['web_test.go', 'code'],
    ['a.mts', 'code'],
    ['src/Makefile', 'code'],
    ['Dockerfile.web', 'code'],
    ['_helpers.tpl', 'a template'],
  ])('is what its name says: %s', async (name, is) => {
    // The layout of PEM says nothing there, and PEM that is only an example counts for nothing.
    const indented = authority.pem.replaceAll(/^(?=.)/gm, '    ');
    const example = '-----BEGIN CERTIFICATE-----\n…\n-----END CERTIFICATE-----\n';
    const objects = await read(`${broken}${example}${indented}`, name);
    expect(outline(objects)).toEqual([`${name} Unknown`, `${name}#["line 7"] Certificate`]);
    expect(objects.map(({ observations }) => observations)).toEqual([
      [{ code: 'UnrecognisedContent', message: `It is ${is} that holds 1 object` }],
      [],
    ]);
    const [nothing] = await read(broken, name);
    expect(nothing?.observations[0]?.message).toBe(`It is ${is}, which is not inspected`);
  });

  it('holds keys that are no DER, too, where it is code', async () => {
    const keys = ['OPENSSH PRIVATE KEY', 'RSA PRIVATE KEY'].map((label, i) => {
      const octets = Buffer.from(`openssh-key-v1\0${'\0'.repeat(40)}`);
      const headers =
        i === 0 ? '' : 'Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00112233445566778899AABBCCDDEEFF\n\n';
      return `-----BEGIN ${label}-----\n${headers}${base64(octets)}\n-----END ${label}-----\n`;
    });
    const [, ...found] = await read(`${keys.join('')}kind: x\n`, 'keys.py');
    expect(found.map(({ content }) => content.type)).toEqual(['PrivateKey', 'PrivateKey']);
  });

  it('quotes nothing of what it does not know', async () => {
    const objects = await read(`${broken}  token: c2VjcmV0LXRva2Vu\n`);
    expect(JSON.stringify(objects)).not.toContain('c2VjcmV0LXRva2Vu');
  });
});
