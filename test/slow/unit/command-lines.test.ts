// Tests packages/inspect/src/command-line/run-program.ts, packages/inspect/src/command-line/read-command-line.ts,
// packages/inspect/src/command-line/finish.ts, src/programs/
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { fromSources, kubepass } from '../../helpers/from-sources.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** Without a configuration: none of these calls may need one. */
function run(...args: readonly string[]) {
  return new Promise<{ readonly code: number | null; readonly output: string; readonly complaints: string }>(
    (resolve, reject) => {
      const child = spawn(process.execPath, [...fromSources, ...args], {
        cwd: root,
        env: { PATH: process.env['PATH'], KUBEPASS_CONFIG_FILE: '/nowhere/kubepass.yaml' },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let [output, complaints] = ['', ''];
      child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
      child.stderr.on('data', (chunk: Buffer) => (complaints += chunk.toString()));
      child.on('error', reject);
      child.on('close', (code) => resolve({ code, output, complaints }));
    },
  );
}

/** `name`: as the program calls itself, in front of complaints. A verb belongs to `kubepass`. */
const programs: readonly (readonly [name: string, ...program: string[]])[] = [
  ...[
    'serve',
    'check-config',
    'migrate',
    'backup',
    'restore',
    'upgrade drill',
    'admin-token',
    'policy check',
    'verify',
    'inspect',
    'client-ca-file',
    'revocation-file',
  ].map((verb) => [`kubepass ${verb}`, kubepass, ...verb.split(' ')] as const),
  ['kubepass', kubepass],
  ['quickstart', 'scripts/quickstart/main.ts'],
  ['kubepass-inspect', 'packages/inspect/src/offline/kubepass-inspect.ts'],
  ['kubepass-verify', 'src/programs/kubepass-verify.ts'],
];

describe.each(programs)('%s', (name, ...program) => {
  it('answers --help and --version, and is short about an option that it does not know', async () => {
    const [help, version, wrong] = await Promise.all([
      run(...program, '--help'),
      run(...program, '--version'),
      run(...program, '--hlep'),
    ]);
    expect(help).toMatchObject({ code: 0, complaints: '' });
    expect(help.output).toMatch(new RegExp(`^usage: (?:npm run )?${name}`));
    expect(help.output).toContain('\n\n');
    expect(version).toMatchObject({ code: 0, complaints: '' });
    expect(version.output).toMatch(new RegExp(`^${name} \\d+\\.\\d+\\.\\d+\n$`));
    expect(wrong).toMatchObject({ code: 2, output: '' });
    const [said, ...usage] = wrong.complaints.trimEnd().split('\n');
    expect(said).toBe(`${name}: Unknown option '--hlep'; did you mean "--help"?`);
    expect(help.output.startsWith(`${usage.join('\n')}\n\n`)).toBe(true);
  });
});

describe('kubepass', () => {
  const verbs = programs.filter(([, file]) => file === kubepass).map(([name]) => name.slice('kubepass '.length));

  it('lists its verbs, with `help` as with `--help`', async () => {
    const [help, word] = await Promise.all([run(kubepass, '--help'), run(kubepass, 'help')]);
    expect(word).toEqual(help);
    const listed = [...help.output.matchAll(/^ {2}(\S+(?: \S+)?) {2,}\S/gm)].map(([, verb]) => verb);
    expect(listed).toEqual(verbs.filter((verb) => verb !== ''));
  });

  it('helps with a verb, with `help VERB` as with `VERB --help`', async () => {
    const helps = await Promise.all([
      run(kubepass, 'help', 'policy', 'check'),
      run(kubepass, 'policy', 'check', '--help'),
    ]);
    expect(helps[0]).toEqual(helps[1]);
    expect(helps[0].output).toMatch(/^usage: kubepass policy check \[--as NAME .*\] DIRECTORY\n/);
  });

  it.each([
    [['bakup', '--force'], 'there is no verb \'bakup\'; did you mean "backup"?'],
    [['policy'], 'there is no verb \'policy\'; did you mean "policy check"?'],
    [[], 'name a verb; the verbs are serve, check-config, '],
    [['help', 'zyzzyva'], "there is no verb 'zyzzyva'; the verbs are serve, check-config, "],
  ])('with the arguments %j says what is wrong, and ends with 2', async (args, said) => {
    const { code, output, complaints } = await run(kubepass, ...args);
    expect({ code, output }).toEqual({ code: 2, output: '' });
    expect(complaints.startsWith(`kubepass: ${said}`), complaints).toBe(true);
    expect(complaints).toContain('\nusage: kubepass VERB');
  });

  it('takes the former option --check-config, and says the new command once', async () => {
    const former = await run(kubepass, '--check-config');
    const now = await run(kubepass, 'check-config');
    const told =
      '--check-config is a former option, and the next version lacks it. The new command is kubepass check-config\n';
    expect(former).toEqual({ ...now, complaints: `${told}${now.complaints}` });
  });
});
