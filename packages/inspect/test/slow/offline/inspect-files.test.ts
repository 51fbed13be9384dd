// Tests packages/inspect/src/offline/inspect-files.ts, packages/inspect/src/offline/read-files.ts,
// packages/inspect/src/offline/kubepass-inspect.ts, packages/inspect/src/offline/spare-memory.ts,
// packages/inspect/src/command-line/finish.ts
import { generateKeyPairSync, sign, verify, X509Certificate } from 'node:crypto';
import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { execFileSync, spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inspectionDefaults } from '../../../src/defaults/index.js';
import { inspect } from '../../../src/inspect.js';
import { UploadRefusedError } from '../../../src/model/budget.js';
import type { Finding, Inspection } from '../../../src/model/inspection.js';
import { inspectFiles as inspectFilesAt } from '../../../src/offline/inspect-files.js';
import {
  makeAuthority,
  makeCertificate,
  nameConstraints,
  subjectAltName,
  testNow,
} from '../../../../x509/test/helpers/certificates.js';
import { cpuMilliseconds } from '../../../../../test/helpers/cpu-milliseconds.js';
import { fromSources } from '../../../../../test/helpers/from-sources.js';
import { corpusContext, readCorpus, readFixture } from '../../helpers/inspection-corpus.js';
import { tarOf } from '../../helpers/tar-of.js';

const root = fileURLToPath(new URL('../../../../../', import.meta.url));
const { now } = corpusContext();
/** As into a pipe. */
const inspectFiles = (args: readonly string[], at: Date) => inspectFilesAt(args, { now: at, stdout: {} });
/** What one ECDSA signature takes to verify at present: the unit of work, which a busy machine makes longer too. */
function verificationMilliseconds(): number {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const data = Buffer.alloc(500);
  const signature = sign('sha256', data, privateKey);
  const start = cpuMilliseconds();
  for (let i = 0; i < 2000; i++) verify('sha256', data, publicKey, signature);
  return (cpuMilliseconds() - start) / 2000;
}

const before = process.cwd();
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'kubepass-inspect-'));
  process.chdir(folder);
});
afterAll(() => {
  process.chdir(before);
  rmSync(folder, { recursive: true, force: true });
});

function write(path: string, content: string | Uint8Array): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  return path;
}

const bytesOf = (fixture: string): Uint8Array => readFixture(fixture).upload.parts[0]!.bytes;
const linesOf = (output: string): readonly string[] => output.trimEnd().split('\n');

describe('kubepass-inspect', () => {
  it('gives the same findings as an upload without a service for the whole corpus', async () => {
    const thresholds = inspectionDefaults;
    const alone = { now, clusters: [], thresholds, offline: true, inventory: async () => new Map() };
    for (const { name, upload } of readCorpus()) {
      const parts = upload.parts.map((part, i) => ({ name: part.name ?? `part-${i}`, bytes: part.bytes }));
      const files = parts.map((part) => write(join(name, part.name), part.bytes));
      const named = files.map((file, i) => ({ name: file, isPath: true, bytes: parts[i]!.bytes }));
      const password = upload.password;
      const option = password === null ? [] : ['--password-file', write(join(name, '.password'), `${password}\n`)];
      const { output, complaints, exitCode } = await inspectFiles(['--format', 'json', ...option, ...files], now);
      try {
        const answer = JSON.parse(await inspect({ parts: named, password }, alone, 'application/json')) as Inspection;
        const found = JSON.parse(output) as Inspection;
        expect(found.findings, name).toEqual(answer.findings);
        expect(found.objects, name).toEqual(answer.objects);
        expect(exitCode, name).toBe(answer.findings.some(({ severity }) => severity === 'error') ? 1 : 0);
      } catch (error) {
        if (!(error instanceof UploadRefusedError)) throw error;
        // More files than an upload may have are divided; a single one is not.
        if (parts.length === 1) expect(complaints, name).toContain(error.reason);
        if (parts.length === 1) expect(exitCode, name).toBe(2);
      }
    }
  });

  it('ends with 1 on findings of the chosen severity, and shows these', async () => {
    const file = write('severity/jane.crt', bytesOf('user-with-alternative-names'));
    const run = async (...options: string[]) => inspectFiles([...options, file], now);
    expect(await run()).toMatchObject({
      exitCode: 0,
      output: '1 object: 1 warning, 1 info\n1 warning: --severity warning shows it\n1 info: --severity info shows it\n',
    });
    const warnings = await run('--severity', 'warning');
    expect(warnings.exitCode).toBe(1);
    expect(linesOf(warnings.output)[0]).toMatch(/^severity\/jane\.crt: warning: .+ \[IssuerMissing\]$/);
    expect(linesOf(warnings.output)).toHaveLength(3);
    expect(linesOf((await run('--severity', 'info')).output)).toHaveLength(3);
  });

  it('finds the certificate of a key in another file', async () => {
    write('pair/tls/jane.key', bytesOf('key-pkcs8-ec'));
    write('pair/tls/jane.crt', bytesOf('user-p384'));
    const { output, exitCode } = await inspectFiles(['pair'], now);
    expect(exitCode).toBe(1);
    expect(output).toContain('pair/tls/jane.key: error: It is not the key of pair/tls/jane.crt.');
  });

  it('reads folders whole, and passes over what is not theirs, is too large or is a link', async () => {
    write('folder/a/b/c/expired.crt', bytesOf('expired'));
    write('folder/.git/expired.crt', bytesOf('expired'));
    write('folder/node_modules/x/expired.crt', bytesOf('expired'));
    write('folder/large.bin', Buffer.alloc(1024 * 1024 + 1));
    write('folder/empty', '');
    symlinkSync('a/b/c/expired.crt', 'folder/link.crt');
    const { output, complaints, exitCode } = await inspectFiles(['--format', 'json', 'folder'], now);
    expect((JSON.parse(output) as Inspection).objects.map(({ path }) => path)).toEqual(['folder/a/b/c/expired.crt']);
    expect(complaints).toBe('folder/large.bin is larger than 1048576 octets, and is passed over\n');
    expect(exitCode).toBe(1);
  });

  it('inspects more files than an upload may have', async () => {
    for (let i = 0; i < 450; i++) write(`many/${i}.crt`, bytesOf(i === 444 ? 'expired' : 'user'));
    const { output, exitCode } = await inspectFiles(['--format', 'json', 'many'], now);
    const { objects, findings } = JSON.parse(output) as { objects: readonly unknown[]; findings: readonly Finding[] };
    expect(objects).toHaveLength(450);
    expect(findings[0]).toMatchObject({ code: 'CertificateExpired', object: 'many/444.crt' });
    expect(exitCode).toBe(1);
  });

  it('finds the CA of each certificate of 200 clusters, even where neither folders nor key identifiers tell it', async () => {
    const bare = { subjectKeyIdentifier: null, authorityKeyIdentifier: null };
    for (let i = 0; i < 200; i++) {
      const issuer = makeAuthority(bare);
      write(`fleet/ca-${i}.crt`, issuer.pem);
      write(`fleet/user-${i}.crt`, makeCertificate({ issuer, ...bare }).pem);
    }
    const unit = verificationMilliseconds();
    const start = cpuMilliseconds();
    const { output } = await inspectFiles(['--format', 'json', 'fleet'], testNow);
    const took = cpuMilliseconds() - start;
    // 200 users with 100 CAs each, on average, and the CAs among themselves: 3 s where a signature takes 75 µs.
    expect(took).toBeLessThan(40_000 * Math.max(unit, verificationMilliseconds()));
    const { relations } = JSON.parse(output) as Inspection;
    const signers = relations.filter(({ type }) => type === 'SignedBy');
    expect(signers).toHaveLength(200);
    for (const { from, to } of signers) expect(from.replace('user-', 'ca-')).toBe(to);
  });

  it('inspects the other files where the checks of one take too much work', async () => {
    const hosts = (of: string) => Array.from({ length: 10_000 }, (_, i) => `${of}${i}.example`);
    const issuer = makeAuthority({ extensions: [nameConstraints({ dns: ['example'] }, { dns: hosts('a') })] });
    const hostile = makeCertificate({ issuer, extensions: [subjectAltName({ dns: hosts('b') })] });
    write('hostile/a.pem', hostile.pem + issuer.pem);
    for (let i = 0; i < 3; i++) write(`hostile/${i}.crt`, bytesOf('expired'));
    const { output, complaints, exitCode } = await inspectFiles(['--format', 'json', 'hostile'], now);
    expect((JSON.parse(output) as Inspection).objects.map(({ path }) => path)).toEqual(
      [0, 1, 2].map((i) => `hostile/${i}.crt`),
    );
    expect(complaints).toMatch(/^hostile\/a\.pem is not inspected: .+ \(TooMuchWork\)\n$/);
    expect(exitCode).toBe(2);
  });

  it('answers SARIF, and the whole report', async () => {
    const file = write('formats/expired.crt', bytesOf('expired'));
    const sarif = JSON.parse((await inspectFiles(['--format', 'sarif', file], now)).output) as {
      runs: { results: { ruleId: string }[] }[];
    };
    expect(sarif.runs[0]!.results.map(({ ruleId }) => ruleId)).toContain('CertificateExpired');
    expect((await inspectFiles(['--format', 'report', file], now)).output).toContain('Serial Number:');
  });

  it.each([
    [[], 'name at least one file or folder'],
    [['--severity', 'fatal', 'x'], 'there is no severity "fatal"'],
    [['--format', 'xml', 'x'], 'there is no format "xml"'],
    [['--expires-within', '30', 'x'], '--expires-within takes a time such as 30d, 12h or 2w, and not "30"'],
    [['--expires-within', '-1d', 'x'], '--expires-within'],
    [['--expires-within=1.5d', 'x'], 'not "1.5d"'],
    [['--expires-within=', 'x'], 'not ""'],
    [['--nonsense', 'x'], "Unknown option '--nonsense'"],
    [['--sevrity', 'info', 'x'], `Unknown option '--sevrity'; did you mean "--severity"?`],
    [['gone.crt'], 'gone.crt cannot be read: ENOENT'],
    [['gone\u001b[2J.crt'], 'gone\\u{1b}[2J.crt cannot be read: ENOENT'],
    [['--password-file', 'gone', 'gone.crt'], 'the password file gone cannot be read'],
  ])('ends with 2 and says why: %j', async (args, complaint) => {
    const { output, complaints, exitCode } = await inspectFiles(args, now);
    expect(complaints).toContain(complaint);
    expect(output).toBe('');
    expect(exitCode).toBe(2);
  });

  it('answers programs with JSON even where no file can be read', async () => {
    const { output, exitCode } = await inspectFiles(['--format', 'json', 'gone.crt'], now);
    expect(JSON.parse(output)).toEqual({ objects: [], relations: [], findings: [] });
    expect(exitCode).toBe(2);
  });

  it('ends with 2 where one of several files cannot be read, and inspects the others', async () => {
    const file = write('partly/expired.crt', bytesOf('expired'));
    const { output, exitCode } = await inspectFiles(['partly/gone.crt', file], now);
    expect(output).toContain('CertificateExpired');
    expect(exitCode).toBe(2);
  });

  it('shows at a terminal what is in the files, and elsewhere speaks as a linter', async () => {
    const file = write('terminal/server.crt', bytesOf('user-with-alternative-names'));
    const { output, exitCode } = await inspectFilesAt([file], { now, stdout: { isTTY: true } });
    for (const shown of [
      /in terminal\/:\nOBJECT .+ VERDICT\nserver\.crt +user certificate +jane .+ kubernetes +jane@corp\.example, jane\.co/,
      /issuer: +CN=kubernetes/,
      /names: +email:jane@corp\.example\n +DNS:jane\.corp\.example/,
      /not after: +2027-/,
      /IssuerMissing: terminal\/server\.crt/,
    ])
      expect(output).toMatch(shown);
    expect(output).not.toContain('Signature Value:');
    expect(output.endsWith('\n\n1 info: --severity info shows it\n')).toBe(true);
    expect(exitCode).toBe(0);
    const lines = await inspectFilesAt(['--format', 'lines', file], { now, stdout: { isTTY: true } });
    expect(lines).toEqual(await inspectFiles([file], now));
  });

  it('shows a person errors and warnings, or what they ask for', async () => {
    const file = write('asked/server.crt', bytesOf('user-with-alternative-names'));
    const shown = async (...options: string[]) => {
      const { output } = await inspectFilesAt([...options, file], { now, stdout: { isTTY: true } });
      return linesOf(output).filter((line) => /^ {2}\d|^\d+ (?:warning|info)/.test(line));
    };
    const [warning, info] = ['1 warning: --severity warning shows it', '1 info: --severity info shows it'];
    expect(await shown()).toEqual(['  1 warning', info]);
    expect(await shown('--severity', 'error')).toEqual([warning, info]);
    expect(await shown('--severity', 'info')).toEqual(['  1 warning', '  1 info']);
    expect(await shown('--format', 'report')).toEqual(['  1 warning', '  1 info']);
  });

  it('leaves the details of many objects to the report, and says so', async () => {
    for (let i = 0; i < 6; i++) write(`several/${i}.crt`, bytesOf('user'));
    const run = async (...args: string[]) => (await inspectFilesAt(args, { now, stdout: { isTTY: true } })).output;
    const all = await run('several');
    expect(all).not.toContain('serial number:');
    expect(linesOf(all).at(-1)).toBe('--format report shows each object in full');
    expect(await run('several/0.crt', 'several/1.crt')).toContain('serial number:');
  });

  it.each([
    ['1d', 0, []],
    ['400d', 1, ['CertificateExpiresSoon']],
    ['9600h', 1, ['CertificateExpiresSoon']],
    ['58w', 1, ['CertificateExpiresSoon']],
  ])('counts certificates that expire within %s, whatever their life', async (time, code, codes) => {
    const file = write('within/jane.crt', bytesOf('user'));
    const { output, exitCode } = await inspectFiles(['--expires-within', time, file], now);
    expect(exitCode).toBe(code);
    expect(linesOf(output).flatMap((line) => /: warning: .+ \[(\w+)\]$/.exec(line)?.[1] ?? [])).toEqual(codes);
    expect(output).toContain('1 warning: --severity warning shows it');
    const json = await inspectFiles(['--expires-within', time, '--format', 'json', file], now);
    expect(json.exitCode).toBe(code);
    expect(json.output.includes('"CertificateExpiresSoon"')).toBe(code === 1);
  });

  it('counts expired certificates, whatever the time', async () => {
    const file = write('within/expired.crt', bytesOf('expired'));
    expect((await inspectFiles(['--expires-within', '0d', file], now)).exitCode).toBe(1);
  });

  it('has no colours in what is no terminal, nor where they are not wanted', async () => {
    const file = write('colours/jane.crt', bytesOf('user'));
    const run = async (stdout: Parameters<typeof inspectFilesAt>[1]['stdout'], ...args: string[]) =>
      (await inspectFilesAt([...args, file], { now, stdout })).output;
    expect(await run({ isTTY: true, columns: 80, hasColors: () => true })).toContain('\u001b[1mOBJECT');
    expect(await run({ isTTY: true, columns: 80, hasColors: () => false })).not.toContain('\u001b');
    expect(await run({}, '--format', 'overview')).not.toContain('\u001b');
    for (const format of ['lines', 'json', 'sarif'])
      expect(await run({ isTTY: true, hasColors: () => true }, '--format', format)).not.toContain('\u001b');
  });

  it.each(['', './', `${tmpdir()}/`])('shows paths as they were given: %j', async (given) => {
    const folder = `${given === `${tmpdir()}/` ? process.cwd() + '/' : given}paths`;
    const file = `${folder}/../paths/expired.crt`;
    write('paths/expired.crt', bytesOf('expired'));
    expect(linesOf((await inspectFiles([file], now)).output)[0]).toMatch(`${file}: error: It expired`);
    for (const named of [folder, `${folder}/`])
      expect(linesOf((await inspectFiles([named], now)).output)[0]).toMatch(`${folder}/expired.crt: error: It expired`);
  });

  it('names files in SARIF by URIs where their paths are whole', async () => {
    const file = write(join(process.cwd(), 'whole paths/expired.crt'), bytesOf('expired'));
    const { output } = await inspectFiles(['--format', 'sarif', file], now);
    expect(output).toContain(`"uri":"file://${process.cwd()}/whole%20paths/expired.crt"`);
  });

  it.each([['--help'], ['-h'], ['--version'], ['--severity', 'info', '--help']])(
    'answers %j with 0',
    async (...args) => {
      const { output, complaints, exitCode } = await inspectFiles(args, now);
      expect(output).toMatch(
        args.includes('--version') ? /^kubepass-inspect \d+\.\d+\.\d+\n$/ : /^usage: kubepass-inspect /,
      );
      expect([complaints, exitCode]).toEqual(['', 0]);
    },
  );

  it('lets no name move the cursor', async () => {
    const file = write('names/a\u001b[2Jb.crt', bytesOf('expired'));
    expect((await inspectFiles([file], now)).output).not.toContain('\u001b');
  });
});

describe('what is no file', () => {
  const limit = 1024 * 1024;
  const command = (script: string, ...args: readonly string[]) =>
    spawnSync('bash', ['-c', script, 'bash', process.execPath, ...fromSources, program, ...args], {
      cwd: root,
      encoding: 'utf8',
    });
  const program = 'packages/inspect/src/offline/kubepass-inspect.ts';

  it.each([
    ['a device without end', '"$@" /dev/zero', '/dev/zero'],
    ['a pipe without end', 'yes | "$@" /dev/stdin', '/dev/stdin'],
    ['standard input without end', 'yes | "$@" -', 'standard input'],
    ['a process substitution without end', '"$@" <(yes)', '/dev/fd/63'],
  ])('is read up to the limit where it is named: %s', (_what, script, name) => {
    const { status, stderr } = command(script);
    expect(stderr).toBe(`${name} is larger than ${limit} octets\n`);
    expect(status).toBe(2);
  });

  it('is read to its end where it is named and ends', () => {
    const file = join(folder, write('piped/expired.crt', bytesOf('expired')));
    for (const script of [`"$@" <(cat '${file}')`, `cat '${file}' | "$@" /dev/stdin`, `"$@" - < '${file}'`])
      expect(command(script).stdout).toContain('It expired');
  });

  it('is passed over in a folder, where a pipe would never end', async () => {
    write('mixed/expired.crt', bytesOf('expired'));
    execFileSync('mkfifo', ['mixed/a-pipe']);
    symlinkSync('/dev/zero', 'mixed/a-link');
    const { output, complaints } = await inspectFiles(['mixed'], now);
    expect(output).toContain('mixed/expired.crt');
    expect(complaints).toBe('');
  });

  it('may be a file of a password without end', async () => {
    const { exitCode } = await inspectFiles(['--password-file', '/dev/zero', write('x.crt', bytesOf('expired'))], now);
    expect(exitCode).toBe(1);
  });
});

/** The most memory of a process that inspects the folder, in MiB. */
function memoryFor(path: string): number {
  const script = `
    const { inspectFiles } = await import('./packages/inspect/src/offline/inspect-files.js');
    await inspectFiles(process.argv.slice(1), { now: new Date(), stdout: {} });
    console.log(process.resourceUsage().maxRSS / 1024);`;
  const args = [...fromSources, '--input-type=module', '-e', script, path];
  return Number(spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' }).stdout);
}

/** What the program alone takes, as `npm run build` makes it, is 66 MiB. With this it has 150. */
const mostMemory = 84;

const base64 = (content: Uint8Array) => Buffer.from(content).toString('base64');
const manifest = [
  ...['apiVersion: v1', 'kind: Secret', 'metadata: {name: a-name-of-many-characters}', 'data:'],
  `  a-certificate-of-a-server.crt: ${base64(bytesOf('expired'))}`,
  `  other: ${base64(Buffer.alloc(700_000, 'text\n'))}`,
].join('\n');
const archive = await tarOf({
  octets: Buffer.alloc(900_000, 0xa5),
  'expired.crt': new X509Certificate(bytesOf('expired')).raw,
});

it.each([
  ['octets', Buffer.alloc(1024 * 1024 - 16, 0xa5)],
  ['text', Buffer.alloc(1_000_000, '# text, of any kind\n')],
  ['numbers', `[${'1234567890,'.repeat(90_000)}1]`],
  ['a certificate and a long comment', Buffer.concat([bytesOf('expired'), Buffer.alloc(1_000_000, '# x\n')])],
  ['a kubeconfig and a long comment', `apiVersion: v1\nkind: Config\nclusters: []\n# ${'x'.repeat(1_000_000)}\n`],
  ['an archive of octets and a certificate', archive],
  ['a manifest with a certificate', manifest],
])('takes little memory for 150 files of 1 MB: %s', (what, content) => {
  const first = write(`of ${what}/0`, content);
  for (let i = 1; i < 150; i++) linkSync(first, `of ${what}/${i}`);
  const more = memoryFor(join(folder, `of ${what}`)) - memoryFor(join(folder, write('alone.crt', bytesOf('expired'))));
  expect(more).toBeLessThan(mostMemory);
});

it('is a command, which reads its standard input for -', () => {
  const run = spawnSync(process.execPath, [...fromSources, 'packages/inspect/src/offline/kubepass-inspect.ts', '-'], {
    cwd: root,
    input: bytesOf('expired'),
    encoding: 'utf8',
  });
  expect(run.stderr).toBe('');
  expect(run.stdout).toContain('upload: error: It expired');
  expect(run.status).toBe(1);
});
