import { readFileSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { join } from 'node:path';
import type { AddressInfo } from 'node:net';
import { renderWebhookKubeconfig } from '../../src/kubernetes/render-kubeconfig.js';
import { servingPair } from '../cluster/serving-pair.js';

export interface AnsweringKubepass {
  /** From now on it answers like this; `null`: it breaks the connection. */
  answer(how: ((request: IncomingMessage, response: ServerResponse) => void) | null): void;
  /** Puts the files of a control-plane node for cluster `demo` into a folder. */
  placeNodeFiles(folder: string): void;
  close(): Promise<void>;
}

/** An https server at the place of kubepass that answers as a test says; its files are in `directory`. */
export async function answeringKubepass(directory: string): Promise<AnsweringKubepass> {
  const { caFile, pair } = await servingPair(directory);
  let current: Parameters<AnsweringKubepass['answer']>[0] = null;
  const server = createServer(pair, (request, response) => {
    if (current === null) request.socket.destroy();
    else current(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const publicAddress = { url: `https://127.0.0.1:${port}`, certificateAuthority: readFileSync(caFile, 'utf8') };
  return {
    answer: (how) => (current = how),
    placeNodeFiles(folder) {
      writeFileSync(join(folder, 'reviewer-token'), 'kubepass_token-of-a-reviewer\n');
      const kubeconfig = renderWebhookKubeconfig('demo', publicAddress, folder);
      writeFileSync(join(folder, 'authorization-webhook.kubeconfig'), kubeconfig);
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Answers a text as a service does: with its length, its type and its entity tag. */
export const withText =
  (text: string, entityTag: string | null = null) =>
  (request: IncomingMessage, response: ServerResponse): void => {
    if (entityTag !== null && request.headers['if-none-match'] === entityTag) return void response.writeHead(304).end();
    response.writeHead(200, {
      'content-type': 'application/pem-certificate-chain',
      'content-length': Buffer.byteLength(text),
      ...(entityTag !== null && { etag: entityTag }),
    });
    response.end(text);
  };
