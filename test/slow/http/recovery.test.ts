import { chmodSync, statSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { useProcesses, type ServingProcess } from '../../http/support/serving-process.js';

const { start, inDirectory } = useProcesses();

/** Nothing listens at the identity provider. */
const peopleAlone = () => {
  const file = inDirectory('kubepass.yaml');
  writeFileSync(
    file,
    `
clusters:
  - name: demo
    server: https://127.0.0.1:6443
    servingCertificateAuthority: data/ca/ca.crt
    signer: { localCA: { certFile: data/ca/ca.crt, keyFile: data/ca/ca.key } }
callers:
  oidc: [{ name: corp, issuer: http://127.0.0.1:9, audiences: [kubepass] }]
  apiTokens: { admins: false }
roles: [{ groups: [platform-admins], roles: [admin] }]
`,
  );
  chmodSync(file, 0o600);
  return { KUBEPASS_CONFIG: file };
};

async function stop({ child, ended }: ServingProcess): Promise<void> {
  child.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
}

async function whoami(address: string, token: string) {
  const answer = await fetch(`${address}/v1/whoami`, { headers: { authorization: `Bearer ${token}` } });
  return {
    status: answer.status,
    body: (await answer.json()) as { readonly name?: string; readonly roles?: string[] },
  };
}

it('lets an operator in whose tokens are no admins any more, while nobody can sign in', async () => {
  const before = start();
  await before.address();
  const old = before.adminToken();
  await stop(before);

  const environment = peopleAlone();
  const locked = start({ environment });
  expect(await whoami(await locked.address(), old)).toMatchObject({
    status: 200,
    body: { name: 'admin', roles: [] },
  });
  // A start takes nothing away.
  expect(locked.adminToken()).toBe(old);
  const refused = start({ program: 'src/admin-token.ts', environment });
  expect(await refused.ended).toEqual([1, null]);
  await stop(locked);

  const recovering = start({ program: 'src/admin-token.ts', environment });
  expect(await recovering.ended).toEqual([0, null]);
  const file = inDirectory('data', 'admin-token');
  expect(recovering.output()).toContain(`a new break-glass token, for an hour, is in ${file}`);
  expect(recovering.said('a break-glass token was made')).toMatchObject({ level: 'warn', principal: 'break-glass' });
  expect(statSync(file).mode & 0o777).toBe(0o600);

  const recovered = start({ environment });
  const address = await recovered.address();
  const secret = recovered.adminToken();
  expect(recovered.said('a break-glass token is valid')).toMatchObject({ level: 'warn' });
  expect(await whoami(address, secret)).toMatchObject({
    status: 200,
    body: { name: 'break-glass', roles: ['admin'] },
  });
  expect(recovered.said('a break-glass token is used')).toMatchObject({ level: 'warn', uses: 1 });
  expect(recovered.output()).not.toContain(secret);
  await stop(recovered);

  // With tokens as admins again the start makes one that stays.
  const again = start();
  const served = await again.address();
  expect(again.adminToken()).toBe(secret);
  expect(await whoami(served, old)).toMatchObject({ body: { roles: ['admin'] } });
});
