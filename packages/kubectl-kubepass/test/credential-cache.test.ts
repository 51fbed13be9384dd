// Tests packages/kubectl-kubepass/src/credential-cache.ts
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { cacheRoot, CredentialCache } from '../src/credential-cache.js';
import { testMachine } from './helpers/plugin-machine.js';
import { temporaryDirectory } from '../../../test/helpers/temporary-directory.js';

const credential = {
  ...{ server: 'https://x', cluster: 'demo', username: 'jane', groups: ['a'], fingerprintSha256: 'ab' },
  ...{ certificatePem: 'certificate', keyPem: 'key', issuedAt: 1, notAfter: 3, renewAt: 2 },
};

describe('the cache of a credential', () => {
  let directory: ReturnType<typeof temporaryDirectory>;
  let said: string[] = [];
  let cache: CredentialCache;
  const machine = (options: Parameters<typeof testMachine>[1] = {}) => ({
    ...testMachine(directory.path, options),
    say: (line: string) => void said.push(line),
  });
  beforeEach(() => {
    directory = temporaryDirectory();
    said = [];
    cache = new CredentialCache(join(directory.path, 'deep'), 'one', machine());
  });
  afterEach(() => {
    vi.restoreAllMocks();
    directory.remove();
  });

  it('gives back what was written, in files that are closed to others', () => {
    expect(cache.read('credential')).toBeNull();
    cache.write('credential', credential);
    expect(cache.read('credential')).toEqual(credential);
    expect(statSync(cache.directory).mode & 0o777).toBe(0o700);
    expect(statSync(join(cache.directory, 'credential.json')).mode & 0o777).toBe(0o600);
    expect(readdirSync(cache.directory)).toEqual(['credential.json']);
    cache.forget();
    expect(cache.read('credential')).toBeNull();
  });

  it.each([
    ['an octet', (text: string) => text.replace('jane', 'jame')],
    ['its end', (text: string) => text.slice(0, -5)],
    ['everything', () => ''],
    ['its hash', (text: string) => text.slice(65)],
  ])('moves a file aside that has lost %s', (_what, damage) => {
    cache.write('credential', credential);
    const file = join(cache.directory, 'credential.json');
    writeFileSync(file, damage(readFileSync(file, 'utf8')));
    expect(cache.read('credential')).toBeNull();
    expect(said).toHaveLength(1);
    expect(readdirSync(cache.directory)).toEqual([expect.stringMatching(/^credential\.json\.damaged-\d+$/)]);
    cache.write('credential', credential);
    expect(cache.read('credential')).toEqual(credential);
  });

  it('takes a damaged file that another kubectl moves aside at the same time for none', () => {
    cache.write('credential', credential);
    const file = join(cache.directory, 'credential.json');
    writeFileSync(file, 'damaged');
    // The clock is asked between the look at the file and its new name.
    vi.spyOn(Date, 'now').mockImplementationOnce(() => {
      rmSync(file);
      return 0;
    });
    expect(cache.read('credential')).toBeNull();
    expect(said).toEqual([]);
  });

  it('lies beside the cache of kubectl', () => {
    const homeDirectory = '/home/jane';
    expect(cacheRoot({ environment: {}, homeDirectory })).toBe('/home/jane/.kube/cache/kubepass');
    expect(cacheRoot({ environment: { KUBECACHEDIR: '/job/cache' }, homeDirectory })).toBe('/job/cache/kubepass');
  });
});
