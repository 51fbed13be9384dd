// Tests src/start/in-force.ts
import { readFile } from 'node:fs/promises';
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FilesInForce, unchanging, type InForce } from '../../../src/start/in-force.js';
import { temporaryDirectory } from '../../helpers/temporary-directory.js';
import { quietMoment } from '../../helpers/quiet-moment.js';

let directory: ReturnType<typeof temporaryDirectory>;
let file: string;
let log: string[];
let files: FilesInForce | null;
beforeEach(() => {
  directory = temporaryDirectory();
  file = join(directory.path, 'number');
  log = [];
  files = null;
  writeFileSync(file, '1');
});
afterEach(() => {
  files?.stop();
  directory.remove();
});

/** A file that holds a number. */
async function keep(
  intervalMilliseconds: number,
  beforeReading = () => {},
  afterReading = () => {},
): Promise<InForce<number>> {
  const write = (level: string) => (fields: object, message: string) =>
    void log.push(`${level} ${message} ${JSON.stringify(fields)}`);
  files = new FilesInForce({ info: write('info'), warn: write('warn'), error: write('error') }, intervalMilliseconds);
  return files.keep<number>('tls', {
    files: [file],
    async load() {
      beforeReading();
      const text = await readFile(file, 'utf8');
      afterReading();
      if (!/^\d+$/.test(text)) throw new Error('no number');
      return Number(text);
    },
    admit(next) {
      if (next > 100) throw new Error('too large');
    },
    isSame: (one, other) => one === other,
    told: { fields: { of: 'x' }, replaced: 'other', refused: 'stays', fieldsOf: (next) => ({ next }) },
  });
}

const refused = (reason: string) => `error stays {"of":"x","reason":"${reason}"}`;

it('takes what Kubernetes puts in the place of a mounted Secret, where two links lead to the file', async () => {
  const at = (...names: string[]) => join(directory.path, ...names);
  const put = (generation: string, content: string) => {
    mkdirSync(at(generation));
    writeFileSync(at(generation, 'number'), content);
    symlinkSync(generation, at('..data_tmp'));
    renameSync(at('..data_tmp'), at('..data'));
  };
  rmSync(file);
  put('..2026_03_01', '1');
  symlinkSync('..data/number', file);
  const { current } = await keep(5);
  expect(current()).toBe(1);
  put('..2026_03_02', '2');
  rmSync(at('..2026_03_01'), { recursive: true });
  await expect.poll(current).toBe(2);
  expect(log).toEqual(['info other {"of":"x","next":2}']);
});

it('takes what is new by itself, and says once what cannot be used', async () => {
  const { current } = await keep(5);
  writeFileSync(file, 'nonsense');
  await expect.poll(() => log).toEqual([refused('no number')]);
  await quietMoment();
  expect([log.length, current()]).toEqual([1, 1]);
  writeFileSync(file, '22');
  await expect.poll(current).toBe(22);
  expect(log).toEqual([refused('no number'), 'info other {"of":"x","next":22}']);
});

it('tries again what was refused, though the files stay as they are, and says each reason once', async () => {
  let reason: string | null = null;
  let tries = 0;
  const { current, isRefused } = await keep(5, () => {
    tries += 1;
    if (reason !== null) throw new Error(reason);
  });
  reason = 'EMFILE';
  writeFileSync(file, '2');
  await expect.poll(() => tries).toBeGreaterThan(5);
  reason = 'EACCES';
  await expect.poll(() => log).toHaveLength(2);
  expect([log, current(), isRefused()]).toEqual([[refused('EMFILE'), refused('EACCES')], 1, true]);
  reason = null;
  await expect.poll(current).toBe(2);
  expect([log.length, isRefused()]).toEqual([3, false]);
  const done = tries;
  await quietMoment(50);
  expect(tries).toBe(done);
});

it('is refused no more where the files are again as what is in force', async () => {
  const { isRefused } = await keep(5);
  writeFileSync(file, 'nonsense');
  await expect.poll(isRefused).toBe(true);
  writeFileSync(file, '1');
  await expect.poll(isRefused).toBe(false);
  expect(log).toEqual([refused('no number')]);
});

it('says at each demand what cannot be used', async () => {
  const { current, reload } = await keep(3_600_000);
  rmSync(file);
  await reload();
  await reload();
  expect(log).toHaveLength(2);
  expect(log[1]).toMatch(/ENOENT/);
  expect(current()).toBe(1);
});

it('says nothing where the content is as it was', async () => {
  const { reload } = await keep(3_600_000);
  await reload();
  writeFileSync(file, '1');
  await reload();
  expect(log).toEqual([]);
});

it('does not bring into force what must not replace anything, or what a follower cannot use', async () => {
  const { current, follow, reload } = await keep(3_600_000);
  const used: number[] = [];
  follow((next) => {
    if (next === 13) throw new Error('not thirteen');
    used.push(next);
  });
  for (const content of ['101', '13', '7']) {
    writeFileSync(file, content);
    await reload();
  }
  expect(log).toEqual([refused('too large'), refused('not thirteen'), 'info other {"of":"x","next":7}']);
  expect([used, current()]).toEqual([[7], 7]);
});

describe.each(['4', '4x'])('a file that was read when %s of 42 was written', (half) => {
  let isHalf = false;
  const writeHalf = () => {
    writeFileSync(file, half);
    isHalf = true;
  };
  const writeRest = () => {
    if (isHalf) writeFileSync(file, '42');
    isHalf = false;
  };

  it('neither comes into force nor is spoken of, and is read again', async () => {
    const { current, reload, isRefused } = await keep(3_600_000, undefined, writeRest);
    writeHalf();
    await reload();
    expect([current(), isRefused(), log]).toEqual([1, false, []]);
    await reload();
    expect([current(), isRefused(), log]).toEqual([42, false, ['info other {"of":"x","next":42}']]);
  });

  it('does not end the start', async () => {
    writeHalf();
    expect((await keep(3_600_000, undefined, writeRest)).current()).toBe(42);
    expect(log).toEqual([]);
  });
});

it('does not wait for a file that never comes to rest', async () => {
  let reads = 0;
  await keep(3_600_000, undefined, () => writeFileSync(file, '1'.repeat(++reads)));
  expect(reads).toBeLessThan(20);
});

it('throws where the first content cannot be used', async () => {
  writeFileSync(file, 'nonsense');
  await expect(keep(10)).rejects.toThrow('no number');
});

it('reads several again together, and tells by their kind whether one is refused', async () => {
  const { current } = await keep(3_600_000);
  writeFileSync(file, '5');
  await files?.reload();
  expect([current(), files?.isRefused('tls'), files?.isRefused('callers')]).toEqual([5, false, false]);
  writeFileSync(file, 'nonsense');
  await files?.reload();
  expect([current(), files?.isRefused('tls'), files?.isRefused('callers')]).toEqual([5, true, false]);
});

it('has constants for what no file says', () => {
  expect(unchanging('x').current()).toBe('x');
});
