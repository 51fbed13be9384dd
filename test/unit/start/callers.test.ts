// Tests src/start/callers.ts
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { openCallers } from '../../../src/start/callers.js';
import { FilesInForce } from '../../../src/start/in-force.js';
import type { OidcConfig, ServiceAccountsConfig } from '../../../src/config/callers-config.js';
import { issue, makeAuthority } from '../../helpers/fake-api-server/serving-certificate.js';
import { temporaryDirectory } from '../../helpers/temporary-directory.js';

const opened: { stop(): void }[] = [];
afterEach(() => {
  for (const one of opened.splice(0)) one.stop();
});

const issuer = (name: string, more: Partial<OidcConfig> = {}): OidcConfig => ({
  ...{ name, issuer: `http://127.0.0.1:1/${name}`, audiences: ['kubepass'], tokens: 'access', scopes: ['openid'] },
  ...{ usernameClaim: 'sub', usernamePrefix: '', groupsClaim: 'groups', groupsPrefix: '', authorizedParties: null },
  ...{ algorithms: ['RS256'], clockSkewSeconds: 30, staleKeysSeconds: 3600, certificateAuthorityFile: null },
  ...{ login: null, cli: null },
  ...more,
});

async function open(oidc: readonly OidcConfig[], serviceAccounts: readonly ServiceAccountsConfig[] = []) {
  const lines: { readonly fields: object; readonly message: string }[] = [];
  const line = (fields: object, message: string) => void lines.push({ fields, message });
  const callers = { oidc, serviceAccounts, clientCertificates: null, apiTokens: { admins: true } };
  const config = { callers, roles: [] };
  const log = { info: line, warn: line, error: line };
  const files = new FilesInForce(log, 20);
  opened.push(files);
  const result = await openCallers(config, null, () => new Date(), log, files);
  opened.push(...result.issuers.map(({ keys }) => keys));
  return { ...result, lines };
}

describe('the issuers of the configuration', () => {
  it('are no way in where none is configured', async () => {
    expect((await open([])).jsonWebTokens).toBeNull();
  });

  it('are told at the start, one line for each issuer', async () => {
    const { jsonWebTokens, lines } = await open([issuer('corp')]);
    expect(jsonWebTokens).not.toBeNull();
    expect(lines).toEqual([
      {
        fields: { name: 'corp', issuer: 'http://127.0.0.1:1/corp', audiences: ['kubepass'], tokens: 'access' },
        message: 'callers come with tokens of this issuer',
      },
    ]);
  });

  it('keep the names of an issuer apart from those of other issuers and of service accounts', async () => {
    const { issuers } = await open(
      [issuer('corp'), issuer('partner', { usernamePrefix: 'p:', groupsPrefix: 'pg:' })],
      [
        { cluster: 'eu', audience: 'a', usernamePrefix: '' },
        { cluster: 'us', audience: 'b', usernamePrefix: 'us:' },
      ],
    );
    const accounts = ['system:', 'us:system:'];
    expect(issuers.map(({ issuer: { othersPrefixes } }) => othersPrefixes)).toEqual([
      { usernames: ['p:', ...accounts], groups: ['pg:', ...accounts] },
      { usernames: accounts, groups: accounts },
    ]);
  });
});

it('calls an issuer whose certificate comes from another CA, once its file names that', async () => {
  const directory = temporaryDirectory();
  const [before, after] = [await makeAuthority('before'), await makeAuthority('after')];
  const certificateAuthorityFile = join(directory.path, 'idp.crt');
  writeFileSync(certificateAuthorityFile, before.pem);
  const { certificatePem: cert, privateKeyPem: key } = await issue(after, { username: 'idp' }, 'serverAuth');
  const provider = createServer({ cert, key }, (_request, response) => response.end('{}'));
  await new Promise<void>((resolve) => provider.listen(0, '127.0.0.1', resolve));
  const url = `https://127.0.0.1:${(provider.address() as AddressInfo).port}/`;
  const result = await open([issuer('corp', { issuer: url, certificateAuthorityFile })]);
  const call = () => result.issuers[0]?.fetch(url);
  const stays = 'a CA file was changed and cannot be used: the one in force stays';

  await expect(call()).rejects.toThrow(/certificate/);
  writeFileSync(certificateAuthorityFile, 'no certificate');
  await expect.poll(() => result.lines.filter(({ message }) => message === stays)).toHaveLength(1);
  writeFileSync(certificateAuthorityFile, after.pem);
  await expect.poll(async () => (await call()?.catch(() => null))?.status).toBe(200);
  // Once for each content.
  expect(result.lines.filter(({ message }) => message === stays)).toEqual([
    expect.objectContaining({ fields: { issuer: 'corp', reason: expect.any(String) as string } }),
  ]);
  provider.closeAllConnections();
  provider.close();
  directory.remove();
});
