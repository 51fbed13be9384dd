// Tests src/clusters/issuers/activate-issuer.ts, src/requests/issuance/start-attempt.ts
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { makeCa } from '../../helpers/several-issuers.js';
import { temporaryDirectory } from '../../helpers/temporary-directory.js';
import { as } from '../../http/support/call.js';
import { policies, startService, type TestService } from '../../http/support/service.js';

const callers = 32;
const names = ['users-2026', 'users-2027'] as const;
const directory = temporaryDirectory();
let service: TestService;

beforeAll(async () => {
  const issuers = names.map((name) => {
    const { pem, key } = makeCa(name);
    const [certFile, keyFile] = [join(directory.path, `${name}.crt`), join(directory.path, `${name}.key`)];
    writeFileSync(certFile, pem);
    writeFileSync(keyFile, key.pem, { mode: 0o600 });
    return `{ name: ${name}, certFile: ${certFile}, key: { file: ${keyFile} } }`;
  });
  service = await startService({
    policies,
    // The load comes from one principal.
    environment: { KUBEPASS_BUDGETS: 'off' },
    config: `
clusters:
  - name: demo
    server: https://127.0.0.1:6443
    servingCertificateAuthority: ${join(directory.path, 'users-2026.crt')}
    signer: { localCA: { issuers: [${issuers.join(', ')}] } }
`,
  });
});
afterAll(async () => {
  await service.close();
  directory.remove();
});

it('32 callers lose no request while two issuers change places, and the one that left begins nothing', async () => {
  const signedBy: string[] = [];
  let running = true;
  const load = Array.from({ length: callers }, async (_, i) => {
    for (let n = 0; running; n++) {
      const ask = { username: `user-${i}-${n}`, groups: ['team-a'] };
      const answer = await service.as('hr-system')('post', '/v1/kubeconfigs').send(ask).expect(201);
      signedBy.push(as.kubeconfig(answer).certificate.issuer);
    }
  });
  const failed = Promise.all(load).then(() => undefined);
  const activate = async (name: string) => {
    const options = { withoutProbe: true, comment: 'under load' };
    await service.as('root')('post', `/v1/clusters/demo/issuers/${name}/activate`).send(options).expect(200);
  };
  /** As many as there are callers were answered with its certificates from now on. */
  const untilSignedBy = async (name: string) => {
    const from = signedBy.length;
    const signed = () => signedBy.slice(from).filter((issuer) => issuer === `CN=${name}`).length;
    await Promise.race([failed, expect.poll(signed).toBeGreaterThanOrEqual(callers)]);
  };
  await untilSignedBy(names[0]);
  for (let change = 1; change <= 6; change++) {
    const name = names[change % 2 === 0 ? 0 : 1];
    await activate(name);
    await untilSignedBy(name);
  }
  running = false;
  await failed;

  let active: unknown = names[0];
  let [activations, begun] = [0, 0];
  const { seq: last } = await service.store.auditEvents.head();
  for (const { type, details } of await service.store.auditEvents.chunk(0, last)) {
    if (type === 'IssuerActivated') {
      active = details['issuer'];
      activations += 1;
    }
    if (type !== 'IssuanceStarted') continue;
    expect(details['issuer']).toBe(active);
    begun += 1;
  }
  expect({ activations, begun }).toEqual({ activations: 6, begun: signedBy.length });
});
