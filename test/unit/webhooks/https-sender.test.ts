// Tests src/webhooks/https-sender.ts
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { httpsSender } from '../../../src/webhooks/https-sender.js';
import type { WebhookSender } from '../../../src/webhooks/webhook.js';
import { makeAuthority } from '../../helpers/fake-api-server/serving-certificate.js';
import { WebhookReceiver } from '../../helpers/webhook-receiver.js';
import { quietMoment } from '../../helpers/quiet-moment.js';

let receiver: WebhookReceiver;
const senders: WebhookSender[] = [];
beforeEach(async () => {
  receiver = await WebhookReceiver.start();
});
afterEach(async () => {
  for (const sender of senders.splice(0)) sender.close();
  await receiver.stop();
});

function senderTo(
  url = receiver.url,
  certificateAuthority: string | null = receiver.caPem,
  timeoutMilliseconds = 60_000,
) {
  const sender = httpsSender({ url, certificateAuthority, timeoutMilliseconds, connections: 2 });
  senders.push(sender);
  return sender;
}
const never = new AbortController().signal;
const send = (sender: WebhookSender, payload = '{"a":"ä"}') => sender.send(payload, { 'webhook-id': 'msg_1' }, never);
const answered = (status: number, retryAfter: string | null = null) => ({ kind: 'answered', status, retryAfter });

describe('httpsSender', () => {
  it('posts the payload, byte for byte, to the very address', async () => {
    expect(await send(senderTo())).toEqual(answered(204));
    const [{ path, headers, body } = expect.fail('nothing came')] = receiver.received;
    expect({ path, body }).toEqual({ path: '/hook?room=1', body: '{"a":"ä"}' });
    expect(headers).toMatchObject({
      'webhook-id': 'msg_1',
      'content-type': 'application/json',
      'content-length': '10',
      'user-agent': 'kubepass',
    });
  });

  it('keeps its connection', async () => {
    const sender = senderTo();
    receiver.answer = { status: 200, body: 'thank you' };
    for (let i = 0; i < 5; i += 1) expect(await send(sender)).toEqual(answered(200));
    expect(receiver.connections).toBe(1);
  });

  it.each([301, 302, 303, 307, 308])('follows no %i', async (status) => {
    const target = await WebhookReceiver.start();
    receiver.answer = { status, headers: { location: `${target.origin}/elsewhere` } };
    expect(await send(senderTo())).toEqual(answered(status));
    // Long enough for a call on loopback that had been made.
    await quietMoment();
    expect(target.received).toHaveLength(0);
    expect(target.connections).toBe(0);
    await target.stop();
  });

  it('takes the status and Retry-After from an answer', async () => {
    receiver.answer = { status: 429, headers: { 'retry-after': '17' } };
    expect(await send(senderTo())).toEqual(answered(429, '17'));
  });

  it('waits only so long for an answer', async () => {
    receiver.answer = 'silence';
    expect(await send(senderTo(undefined, undefined, 300))).toEqual({
      kind: 'failed',
      failure: 'no answer within 0.3 s',
    });
  });

  it('waits no longer for an answer that keeps being promised', async () => {
    receiver.answer = (response) => {
      const promise = setInterval(() => response.writeProcessing(), 20);
      response.once('close', () => clearInterval(promise));
    };
    expect(await send(senderTo(undefined, undefined, 300))).toMatchObject({ failure: 'no answer within 0.3 s' });
  });

  it('reads little of an answer without end, and cuts it off', async () => {
    let written = 0;
    let closed = false;
    receiver.answer = (response) => {
      response.writeHead(200);
      response.once('close', () => (closed = true));
      const more = () => {
        while (!closed) {
          written += 65_536;
          if (!response.write(Buffer.alloc(65_536))) return void response.once('drain', more);
        }
      };
      more();
    };
    expect(await send(senderTo())).toEqual(answered(200));
    await expect.poll(() => closed).toBe(true);
    // The buffers at the two ends of a connection have unknown sizes, but a gigabyte does not fit into them.
    expect(written).toBeLessThan(32 * 1024 * 1024);
  });

  it('does not wait for the rest of an answer that trickles, and cuts it off in time', async () => {
    let closed = false;
    receiver.answer = (response) => {
      response.writeHead(202);
      response.write('.');
      response.once('close', () => (closed = true));
    };
    expect(await send(senderTo(undefined, undefined, 3_000))).toEqual(answered(202));
    await expect.poll(() => closed).toBe(true);
  });

  it.each<[string, (response: ServerResponse) => void]>([
    ['something that is not HTTP', (response) => response.socket?.end('hello\r\n\r\n')],
    ['header fields without end', (response) => response.socket?.write(`HTTP/1.1 200 OK\r\na: ${'x'.repeat(200_000)}`)],
    [
      'another protocol',
      (response) => response.socket?.write('HTTP/1.1 101 Switching\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'),
    ],
  ])('fails where %s comes', async (_what, answer) => {
    receiver.answer = answer;
    expect(await send(senderTo())).toMatchObject({ kind: 'failed', failure: expect.any(String) as string });
  });

  it('fails where the connection is cut, and where nobody listens', async () => {
    receiver.answer = 'reset';
    expect(await send(senderTo())).toMatchObject({
      kind: 'failed',
      failure: expect.stringMatching(/^not reached: /) as string,
    });
    await receiver.stop();
    expect(await send(senderTo())).toMatchObject({ failure: expect.stringContaining('ECONNREFUSED') as string });
    await receiver.restart();
  });

  it.each<[string, () => Promise<string | null>]>([
    ['the CAs that Node.js trusts', () => Promise.resolve(null)],
    ['another CA', async () => (await makeAuthority('somebody-else')).pem],
  ])('sends nothing to a receiver that %s do not vouch for, whatever the environment says', async (_who, authority) => {
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
    try {
      expect(await send(senderTo(receiver.url, await authority()))).toMatchObject({
        kind: 'failed',
        failure: expect.stringMatching(/^not reached: .*certificate/) as string,
      });
    } finally {
      delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
    }
    expect(receiver.received).toHaveLength(0);
  });

  it('sends nothing to a receiver of another name', async () => {
    const answer = await send(senderTo(receiver.url.replace('127.0.0.1', 'localhost')));
    expect(answer).toMatchObject({ kind: 'failed', failure: expect.stringContaining('altnames') as string });
    expect(receiver.received).toHaveLength(0);
  });

  it('goes past a proxy that the environment names', async () => {
    process.env['HTTPS_PROXY'] = process.env['https_proxy'] = 'http://127.0.0.1:1';
    try {
      expect(await send(senderTo())).toEqual(answered(204));
    } finally {
      delete process.env['HTTPS_PROXY'];
      delete process.env['https_proxy'];
    }
  });

  it('calls plain http where it is configured, for a loopback address', async () => {
    const paths: (string | undefined)[] = [];
    const server = createServer((request, response) => {
      paths.push(request.url);
      request.resume();
      response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    expect(await send(senderTo(`http://127.0.0.1:${port}/x`, null))).toEqual(answered(200));
    expect(paths).toEqual(['/x']);
    server.closeAllConnections();
    server.close();
  });

  it('is stopped in the middle, and says that it does not know', async () => {
    receiver.answer = 'silence';
    const stop = new AbortController();
    const sender = senderTo();
    const sending = sender.send('{}', {}, stop.signal);
    await receiver.until(1);
    stop.abort();
    expect(await sending).toEqual({ kind: 'abandoned' });
    expect(await sender.send('{}', {}, stop.signal)).toEqual({ kind: 'abandoned' });
    expect(receiver.received).toHaveLength(1);
  });
});
