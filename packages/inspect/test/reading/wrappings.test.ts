// Tests packages/inspect/src/reading/read-bytes.ts, packages/inspect/src/reading/read-pem.ts,
// packages/inspect/src/reading/base64.ts, packages/inspect/src/reading/paths.ts,
// packages/inspect/src/reading/read-upload.ts
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { readUpload } from '../../src/reading/read-upload.js';
import { encodePem } from '@kubepass/x509';
import { tarOf } from '../helpers/tar-of.js';
import { authority, base64, bytesOf, client, codesOf, context, outline, read } from './uploads.js';

const wrapped = (text: string, width: number): string => text.replaceAll(new RegExp(`.{${width}}`, 'g'), '$&\n');

describe('one certificate, whatever it comes in', () => {
  const base64url = client.der.toString('base64url');
  it.each<[string, string | Uint8Array]>([
    ['PEM', client.pem],
    ['PEM with CRLF', client.pem.replaceAll('\n', '\r\n')],
    ['PEM without a newline at the end', client.pem.trimEnd()],
    [
      'PEM with text around it',
      `Bag Attributes\n    friendlyName: jane\nsubject=CN = jane\n\n${client.pem}\nthe end\n`,
    ],
    ['PEM in a text that is not UTF-8', Buffer.concat([Buffer.from('f\xfcr\n', 'latin1'), Buffer.from(client.pem)])],
    ['DER', client.der],
    ['base64 of DER', base64(client.der)],
    ['base64 of DER in lines of 76', wrapped(base64(client.der), 76)],
    ['base64 of DER in lines of 64 with CRLF', wrapped(base64(client.der), 64).replaceAll('\n', '\r\n')],
    ['base64url of DER without padding', base64url],
    ['base64 of PEM', base64(client.pem)],
    ['base64 of PEM in lines of 76', wrapped(base64(client.pem), 76)],
    ['base64 of base64 of PEM', base64(base64(client.pem))],
  ])('is read from %s, without a remark', async (_, content) => {
    const objects = await read(content);
    expect(outline(objects)).toEqual(['upload Certificate']);
    expect(objects[0]?.parent).toBeNull();
    expect(objects[0]?.material).toMatchObject({ tree: { raw: client.der } });
    expect(codesOf(objects).filter((code) => code.startsWith('Pem'))).toEqual([]);
  });

  it.each<[string, string | Uint8Array, string]>([
    [
      'lines of 76 characters',
      client.pem.replace(/\n(?=[^-])/g, '').replaceAll(/[^-\n]{76}/g, '$&\n'),
      'PemUnusualForm',
    ],
    [
      'one long line of base64',
      encodePem('CERTIFICATE', client.der).replace(/([^-\n])\n(?=[^-])/g, '$1'),
      'PemUnusualForm',
    ],
    ['lines indented below a key', `ca: |\n${client.pem.replaceAll(/^/gm, '    ')}`, 'PemUnusualForm'],
    ['indented lines of base64', client.pem.replaceAll(/^(?=[^-])/gm, '\t'), 'PemUnusualForm'],
    ['blanks within its lines', client.pem.replaceAll(/^[^-]{8}/gm, '$& '), 'PemUnusualForm'],
    ['blanks at the ends of lines', client.pem.replaceAll('\n', ' \n'), 'PemUnusualForm'],
    ['empty lines between', client.pem.replaceAll('\n', '\n\n'), 'PemUnusualForm'],
    ['headers', client.pem.replace('\n', '\nSubject: jane\n\n'), 'PemMalformed'],
    ['UTF-8 with a mark', `\ufeff${client.pem}`, 'PemMalformed'],
    ['UTF-16 with its mark', Buffer.from(`\ufeff${client.pem}`, 'utf16le'), 'PemMalformed'],
    ['big-endian UTF-16', Buffer.from(`\ufeff${client.pem}`, 'utf16le').swap16(), 'PemMalformed'],
    ['UTF-16 without a mark', Buffer.from(client.pem, 'utf16le'), 'PemMalformed'],
    ['big-endian UTF-16 without a mark', Buffer.from(client.pem, 'utf16le').swap16(), 'PemMalformed'],
    ['indented lines', client.pem.replaceAll(/^/gm, '    '), 'PemMalformed'],
    [
      'indented lines behind many blanks',
      `${' '.repeat(2000)}\n${client.pem.replaceAll(/^/gm, '    ')}`,
      'PemMalformed',
    ],
    ['an indented END line', client.pem.replace('\n-----END', '\n -----END'), 'PemMalformed'],
    ['END behind base64', client.pem.replace('\n-----END', '-----END'), 'PemMalformed'],
    ['base64 behind BEGIN', client.pem.replace('\n', ''), 'PemMalformed'],
    ['a form feed behind END', client.pem.replace(/\n$/, '\f\n'), 'PemMalformed'],
    ['carriage returns for line ends', client.pem.replaceAll('\n', '\r'), 'PemMalformed'],
    ['a blank of Unicode', client.pem.replace('\n-----END', '\u00a0\n-----END'), 'PemMalformed'],
    ['an old label', client.pem.replaceAll('CERTIFICATE', 'X509 CERTIFICATE'), 'PemLegacyLabel'],
    ['all on one line', client.pem.replaceAll('\n', ''), 'PemMalformed'],
    ['blanks for line ends', client.pem.replaceAll('\n', ' '), 'PemMalformed'],
    ['\\n for line ends', client.pem.replaceAll('\n', '\\n'), 'PemMalformed'],
    ['\\r\\n for line ends', client.pem.replaceAll('\n', '\\r\\n'), 'PemMalformed'],
    ['no END line', client.pem.replace(/-----END.*\n/, ''), 'PemMalformed'],
    ['another label at its END', client.pem.replace('END CERTIFICATE', 'END PRIVATE KEY'), 'PemMalformed'],
    ['an END line with a dash too few', client.pem.replace(/-\n$/, '\n'), 'PemMalformed'],
    ['a BEGIN line with a dash too few', client.pem.replace('-\n', '\n'), 'PemMalformed'],
    ['text before BEGIN on its line', `cert: ${client.pem}`, 'PemMalformed'],
    ['text after END on its line', `${client.pem.trimEnd()} # jane\n`, 'PemMalformed'],
    ['base64 for URLs', encodePem('CERTIFICATE', client.der).replaceAll('+', '-').replaceAll('/', '_'), 'PemMalformed'],
  ])('is read from PEM with %s, and that is said', async (_, content, code) => {
    const objects = await read(content);
    expect(outline(objects)).toEqual(['upload Certificate']);
    expect(objects[0]?.material).toMatchObject({ tree: { raw: client.der } });
    expect(codesOf(objects)).toContain(code);
  });

  it('is read from a manifest in UTF-16, which kubectl reads with a mark alone', async () => {
    const manifest = JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', data: { 'ca.crt': client.pem } });
    for (const [text, expected] of [
      [manifest, ['NotLoadable']],
      [`\ufeff${manifest}`, []],
    ] as const)
      for (const bytes of [Buffer.from(text, 'utf16le'), Buffer.from(text, 'utf16le').swap16()]) {
        const objects = await read(bytes);
        expect(outline(objects)).toEqual(['upload ConfigMap', 'data["ca.crt"] Certificate']);
        expect(codesOf(objects)).toEqual(expected);
      }
  });

  it('is read from a gzip, which is an archive of one', async () => {
    expect(outline(await read(gzipSync(client.pem)))).toEqual(['upload Archive', 'content Certificate']);
    expect(outline(await read(gzipSync(client.der), 'ca.crt.gz'))).toEqual(['ca.crt.gz Archive', 'ca.crt Certificate']);
  });
});

describe('several things in one upload', () => {
  it('numbers PEM blocks, in their order', async () => {
    const text = `# the chain\n${client.pem}\n${authority.pem}${client.key.pem}`;
    expect(outline(await read(text, 'chain.pem'))).toEqual([
      'chain.pem[0] Certificate',
      'chain.pem[1] Certificate',
      'chain.pem[2] PrivateKey',
    ]);
    expect(outline(await read(text))).toEqual([
      'upload[0] Certificate',
      'upload[1] Certificate',
      'upload[2] PrivateKey',
    ]);
  });

  it('tells blocks apart that stand on one line', async () => {
    const objects = await read(client.pem.trimEnd() + authority.pem);
    expect(outline(objects)).toEqual(['upload[0] Certificate', 'upload[1] Certificate']);
    expect(objects.map(({ observations }) => observations.map(({ code }) => code))).toEqual([
      expect.arrayContaining(['PemMalformed']),
      expect.arrayContaining(['PemMalformed']),
    ]);
  });

  it('reads on after a block that is broken', async () => {
    const objects = await read(`${client.pem.slice(0, 200)}\n${authority.pem}`);
    expect(objects).toHaveLength(2);
    expect(objects[0]?.observations.map(({ code }) => code)).toContain('PemMalformed');
    expect(objects[1]?.material).toMatchObject({ tree: { raw: authority.der } });
  });

  it('gives parts their names, cleaned, and numbers those that have none', async () => {
    const parts = [
      { name: 'C:\\pki\\..\\ca.crt', bytes: bytesOf(authority.pem) },
      { name: null, bytes: bytesOf(client.pem) },
      { name: '/etc/./client\u202e.crt', bytes: bytesOf(client.pem) },
      { name: '../', bytes: bytesOf(client.pem) },
    ];
    expect(outline(await readUpload({ parts, password: null }, context()))).toEqual([
      'C:/pki/ca.crt Certificate',
      'parts[1] Certificate',
      'etc/client\ufffd.crt Certificate',
      'parts[3] Certificate',
    ]);
  });

  it('tells parts of the same name apart, and what is inside of them', async () => {
    const config = Buffer.from(
      `clusters: [{name: c, cluster: {server: 'https://a', certificate-authority-data: ${base64(authority.pem)}}}]`,
    );
    const parts = [1, 2, 3].map(() => ({ name: 'config', bytes: config }));
    expect(outline(await readUpload({ parts, password: null }, context()))).toEqual([
      'config Kubeconfig',
      'config#clusters[0].cluster.certificate-authority-data Certificate',
      'config~2 Kubeconfig',
      'config~2#clusters[0].cluster.certificate-authority-data Certificate',
      'config~3 Kubeconfig',
      'config~3#clusters[0].cluster.certificate-authority-data Certificate',
    ]);
  });

  it('prefixes the files of an archive that is not the only part', async () => {
    const parts = [
      { name: 'pki.tar', bytes: await tarOf({ 'pki/ca.crt': authority.pem }) },
      { name: 'jane.crt', bytes: bytesOf(client.pem) },
    ];
    const objects = await readUpload({ parts, password: null }, context());
    expect(outline(objects)).toEqual(['pki.tar Archive', 'pki.tar/pki/ca.crt Certificate', 'jane.crt Certificate']);
    expect(objects.map(({ parent }) => parent)).toEqual([null, 'pki.tar', null]);
  });
});

describe('what is not inspected', () => {
  it.each<[string, string | Uint8Array, string | null]>([
    ['a text', 'hello world\n', null],
    ['an OpenSSH public key', `ssh-ed25519 AAAA${'B'.repeat(60)} jane@host\n`, 'an OpenSSH public key'],
    ['a token', `eyJhbGciOiJub25lIn0.${'a'.repeat(80)}.${'b'.repeat(40)}`, 'a token (JWT)'],
    ['a ZIP archive', Buffer.from('504b03040a0000000000', 'hex'), 'a ZIP archive'],
    ['a Java keystore', Buffer.from('feedfeed0000000200000000', 'hex'), 'a Java keystore (JKS)'],
    ['random octets', Buffer.from('8a1f00ff17c3', 'hex'), null],
    ['a JSON string', '"hello"', null],
    ['a Deployment', 'apiVersion: apps/v1\nkind: Deployment\n', '"Deployment" of "apps/v1"'],
    ['OpenPGP armor', '-----BEGIN PGP MESSAGE-----\n\nhF4D\n=abcd\n-----END PGP MESSAGE-----\n', 'an OpenPGP block'],
    [
      'curve parameters',
      '-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n',
      'the parameters of an elliptic curve',
    ],
  ])('is an object that says so: %s', async (_, content, resembles) => {
    const objects = await read(content);
    expect(objects).toMatchObject([{ path: 'upload', content: { type: 'Unknown', resembles } }]);
    expect(codesOf(objects)).toEqual([resembles?.includes('Java') ? 'JavaKeystore' : 'UnrecognisedContent']);
  });

  it('is one empty part beside others', async () => {
    const parts = [
      { name: 'empty', bytes: bytesOf('') },
      { name: 'ca', bytes: bytesOf(authority.pem) },
    ];
    expect(outline(await readUpload({ parts, password: null }, context()))).toEqual([
      'empty Unknown',
      'ca Certificate',
    ]);
  });

  it('is a PEM block with nothing in it, which is malformed', async () => {
    const objects = await read('-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n');
    expect(outline(objects)).toEqual(['upload Unknown']);
    expect(codesOf(objects)).toEqual(['PemMalformed', 'MalformedObject']);
  });
});

describe('a private key', () => {
  it('keeps the headers of its block for whoever opens it', async () => {
    const pem = client.key.pem.replace('\n', '\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00112233\n\n');
    const objects = await read(pem);
    expect(objects).toMatchObject([{ content: { type: 'PrivateKey', encrypted: true } }]);
    expect(codesOf(objects)).not.toContain('PemUnusualForm');
  });
});
