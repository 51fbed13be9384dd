// Tests src/log/sign-checkpoints.ts, src/webhooks/webhook-events.ts, src/audit/verify-files.ts
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Webhook as Verifier } from 'standardwebhooks';
import { Compile } from 'typebox/schema';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { verifyFiles } from '../../src/audit/verify-files.js';
import { localAuthority } from '../helpers/local-authority.js';
import { temporaryDirectory } from '../helpers/temporary-directory.js';
import { WebhookReceiver } from '../helpers/webhook-receiver.js';
import { webhookSchemas } from './support/contract.js';
import { exportToFile } from './support/export-to-file.js';
import { startService, type TestService } from './support/service.js';

const secret = `whsec_${randomBytes(32).toString('base64')}`;
const directory = temporaryDirectory();
let receiver: WebhookReceiver;
let service: TestService;
beforeAll(async () => {
  receiver = await WebhookReceiver.start();
  const file = (name: string, content: string) => {
    writeFileSync(join(directory.path, name), content, { mode: 0o600 });
    return join(directory.path, name);
  };
  const authority = await localAuthority();
  const certFile = file('ca.crt', authority.certificatePem);
  service = await startService({
    config: `
clusters:
  - name: demo
    server: https://127.0.0.1:6443
    servingCertificateAuthority: ${certFile}
    signer: { localCA: { certFile: ${certFile}, keyFile: ${file('ca.key', authority.privateKeyPem)} } }
audit: { checkpointSeconds: 1 }
webhooks:
  - name: outside
    url: ${receiver.url}
    secretFile: ${file('webhook-secret', `${secret}\n`)}
    certificateAuthority: ${file('receiver.crt', receiver.caPem)}
    clusters: [demo]
    events: [audit.checkpoint]
`,
    overrides: { webhookRoundMilliseconds: 50 },
  });
});
afterAll(async () => {
  await service.close();
  await receiver.stop();
  directory.remove();
});

interface CheckpointEvent {
  readonly type: string;
  readonly data: { readonly size: number; readonly checkpoint: string };
}

it('carries each checkpoint to a place outside, where an export is verified with it', async () => {
  const [first] = await receiver.until(1);
  await service
    .as('alice')('post', '/v1/kubeconfigs')
    .send({ username: 'jane', groups: ['team-a'] })
    .expect(201);
  const [, second] = await receiver.until(2);
  const $defs = JSON.parse(JSON.stringify(webhookSchemas).replaceAll('#/components/schemas/', '#/$defs/')) as Record<
    string,
    object
  >;
  const schema = Compile({ $defs, $ref: '#/$defs/AuditCheckpointEvent' });
  const events = [first!, second!].map(({ body, headers }) => {
    const event = new Verifier(secret).verify(body, headers as Record<string, string>) as CheckpointEvent;
    expect(schema.Errors(event)[1]).toEqual([]);
    return event;
  });
  expect(events[1]!.data.size).toBeGreaterThan(events[0]!.data.size);

  const url = (path: string) => `${service.address}/v1/audit-events${path}`;
  const exported = join(directory.path, 'export.ndjson');
  await exportToFile(url('?hashes=true'), exported, {
    token: service.tokenOf('audrey'),
    accept: 'application/x-ndjson',
  });
  const { body } = await service.as('audrey')('get', '/v1/audit-events/checkpoint-keys').expect(200);
  const kept = events.flatMap(({ data }, i) => {
    const file = join(directory.path, `checkpoint-${i}`);
    writeFileSync(file, data.checkpoint);
    return ['--checkpoint', file];
  });
  const [{ key }] = (body as { items: [{ key: string }] }).items;
  const { output, exitCode } = await verifyFiles([exported, ...kept, '--key', key]);
  expect({ output, exitCode }).toMatchObject({ exitCode: 0, output: expect.stringContaining('vouches') as unknown });
});
