// Tests src/policy/load-policy-set.ts, src/workers/steady-watch.ts
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadPolicySet, watchPolicySet, type PolicySetWatch } from '../../../src/policy/load-policy-set.js';
import { quietMoment } from '../../helpers/quiet-moment.js';

const text = (name: string) =>
  `apiVersion: kubepass/v1\nkind: Policy\nmetadata: { name: ${name} }\n` +
  'spec: { selector: {}, allowed: { usernames: ["*"] }, approval: { mode: auto } }\n';

let directory: string;
let watch: PolicySetWatch;
let changes: string[];
let errors: string[][];
let mended: string[];
const write = (content: string, name = 'p.yaml') => writeFile(join(directory, name), content);
const inForce = () => watch.current().policies.map(({ name }) => name);
const start = async (intervalMilliseconds = 3_600_000) => {
  const loaded = await loadPolicySet(directory);
  if (!loaded.ok) throw new Error(loaded.errors.join('\n'));
  watch = watchPolicySet({
    directory,
    initial: loaded.policySet,
    intervalMilliseconds,
    onChange: (now, before) =>
      changes.push(`${before.digest.slice(0, 4)} ${now.policies.map(({ name }) => name).join()}`),
    onErrors: (found) => errors.push([...found]),
    onMended: ({ digest }) => mended.push(digest),
  });
  return loaded.policySet.digest.slice(0, 4);
};

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'kubepass-watch-'));
  changes = [];
  errors = [];
  mended = [];
  await write(text('one'));
});
afterEach(async () => {
  watch.stop();
  await rm(directory, { recursive: true, force: true });
});

describe('watchPolicySet', () => {
  it('takes new content after two readings that agree', async () => {
    const before = await start();
    await write(text('two'));
    await watch.poll();
    expect(inForce()).toEqual(['one']);
    await watch.poll();
    expect(inForce()).toEqual(['two']);
    await watch.poll();
    expect(changes).toEqual([`${before} two`]);
  });

  it('never counts a file that is still being written', async () => {
    await start();
    const whole = `${text('two')}---\n${text('three')}`;
    const half = text('two'); // on its own a valid set, and not what was meant
    await write(half);
    await watch.poll();
    await write(whole);
    await watch.poll();
    expect(inForce()).toEqual(['one']);
    await watch.poll();
    expect(inForce()).toEqual(['two', 'three']);
    expect(changes).toHaveLength(1);
    expect(errors).toEqual([]);
  });

  it('keeps the set in force where the new one is broken, says so once, and recovers', async () => {
    await start();
    await write('kind: Nonsense\n');
    for (let i = 0; i < 4; i++) await watch.poll();
    expect(inForce()).toEqual(['one']);
    expect(errors).toEqual([['p.yaml:1:1: /kind: must be one of Policy, Guardrail']]);
    expect(mended).toEqual([]);
    await write(text('two'));
    for (let i = 0; i < 4; i++) await watch.poll();
    expect(inForce()).toEqual(['two']);
    expect(mended).toEqual([watch.current().digest]);
  });

  it('reads at once where it is told to, and says again what is broken', async () => {
    const before = await start();
    await write('kind: Nonsense\n');
    await watch.reload();
    await watch.reload();
    expect(errors).toHaveLength(2);
    expect(inForce()).toEqual(['one']);
    await write(text('two'));
    await watch.reload();
    await watch.reload();
    expect(changes).toEqual([`${before} two`]);
  });

  it('says again what is broken where it was mended in between', async () => {
    await start();
    for (const content of ['kind: Nonsense\n', text('one'), 'kind: Nonsense\n']) {
      await write(content);
      await watch.poll();
      await watch.poll();
    }
    expect(errors).toHaveLength(2);
    expect(changes).toEqual([]);
    expect(mended).toEqual([watch.current().digest]);
  });

  it('keeps the set in force where the directory is gone', async () => {
    await start();
    await rm(directory, { recursive: true });
    await watch.poll();
    await watch.poll();
    expect(inForce()).toEqual(['one']);
    expect(errors).toEqual([['the policies directory cannot be read: ENOENT']]);
  });

  it('takes an emptied directory for what it is: nothing is permitted', async () => {
    await start();
    await rm(join(directory, 'p.yaml'));
    await watch.poll();
    await watch.poll();
    expect(inForce()).toEqual([]);
    expect(changes).toHaveLength(1);
  });

  it('sees the link of a mounted ConfigMap swapped', async () => {
    await rm(join(directory, 'p.yaml'));
    for (const [version, name] of [
      ['..1', 'one'],
      ['..2', 'two'],
    ] as const) {
      await mkdir(join(directory, version));
      await writeFile(join(directory, version, 'p.yaml'), text(name));
    }
    await symlink('..1', join(directory, '..data'));
    await symlink('..data/p.yaml', join(directory, 'p.yaml'));
    await start();
    await symlink('..2', join(directory, '..tmp'));
    await rename(join(directory, '..tmp'), join(directory, '..data'));
    await watch.poll();
    await watch.poll();
    expect(inForce()).toEqual(['two']);
  });

  it('never takes a set of which a part is from another version, however the link is swapped under it', async () => {
    await rm(join(directory, 'p.yaml'));
    const files = ['a.yaml', 'b.yaml', 'c.yaml', 'd.yaml'];
    for (const version of ['v1', 'v2']) {
      await mkdir(join(directory, `..${version}`));
      for (const file of files) await writeFile(join(directory, `..${version}`, file), text(`${file[0]}-${version}`));
    }
    for (const file of files) await symlink(`..data/${file}`, join(directory, file));
    await symlink('..v1', join(directory, '..data'));
    await start();
    let version = 'v1';
    const swap = async () => {
      version = version === 'v1' ? 'v2' : 'v1';
      await symlink(`..${version}`, join(directory, '..tmp'));
      await rename(join(directory, '..tmp'), join(directory, '..data'));
    };
    const whole = ['v1', 'v2'].map((one) => files.map((file) => `${file[0]}-${one}`));
    for (let i = 0; i < 50; i++) {
      // The link is swapped while the files are being read, and left alone for some readings in between.
      await Promise.all([watch.poll(), swap()]);
      if (i % 3 === 0) await watch.poll();
      expect(whole).toContainEqual(inForce());
    }
    await watch.poll();
    await watch.poll();
    expect(inForce()).toEqual(files.map((file) => `${file[0]}-${version}`));
    expect(errors).toEqual([]);
  });

  it('takes no file that is cut off within a line, wherever that is, and says so', async () => {
    await start();
    const restrictions = ['validations:', '  - expression: request.groups.size() == 0', '    message: no groups'];
    // Without its last lines it permits more.
    const lines = ['  selector: {}', '  allowed: { usernames: ["*"], groups: ["*"] }', '  approval: { mode: auto }'];
    const spec = ['spec:', ...lines, ...restrictions.map((line) => `  ${line}`)].join('\n');
    const whole = text('two').replace(/spec: .*/, spec);
    const lineEnds = new Set(Array.from(whole, (character, i) => (character === '\n' ? i + 1 : 0)));
    for (let length = 0; length < whole.length; length++) {
      if (lineEnds.has(length) && length > 0) continue;
      await write(whole.slice(0, length));
      await watch.poll();
      await watch.poll();
      expect(inForce()).toEqual(['one']);
    }
    expect(errors.at(-1)).toEqual(['p.yaml:10:25: does not end with a line break: it may be cut off']);
    await write(whole);
    await watch.poll();
    await watch.poll();
    expect(watch.current().policies[0]?.validations).toHaveLength(1);
  });

  it('goes on, and says so, where a look at the files fails in a way that nothing foresees', async () => {
    await start();
    watch.stop();
    let failures = 0;
    watch = watchPolicySet({
      directory,
      initial: watch.current(),
      intervalMilliseconds: 10,
      onChange: (policySet) => {
        failures += 1;
        throw new Error(`no room for ${policySet.policies.map(({ name }) => name).join()}`);
      },
      onErrors: (found) => errors.push([...found]),
      onMended: ({ digest }) => mended.push(digest),
    });
    await write(text('two'));
    await expect.poll(() => errors).toEqual([[expect.stringContaining('no room for two')]]);
    await write(text('three'));
    await expect.poll(() => failures).toBe(2);
  });

  it('looks by itself until it is stopped', async () => {
    await start(10);
    await write(text('two'));
    await expect.poll(inForce).toEqual(['two']);
    watch.stop();
    await write(text('three'));
    await quietMoment(60);
    expect(inForce()).toEqual(['two']);
  });
});
