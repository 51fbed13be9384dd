import { readFileSync } from 'node:fs';
import { Agent } from 'undici';
import { parse } from 'yaml';
import type { TestCluster } from './test-cluster.js';

/** An answer of an API server; `body`: the object in it. */
export interface ApiAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** Asks an API server for JSON, as one user, without a process of kubectl for each question. */
export class ApiClient {
  private constructor(
    private readonly server: string,
    private readonly agent: Agent,
    private readonly headers: Readonly<Record<string, string>>,
  ) {}

  /** As the user of a kubeconfig with a client certificate, for instance `adminKubeconfigPath`. */
  static ofKubeconfig(cluster: TestCluster, file: string): ApiClient {
    const { users } = parse(readFileSync(file, 'utf8')) as {
      users: readonly [{ user: { 'client-certificate-data': string; 'client-key-data': string } }];
    };
    const pem = (name: 'client-certificate-data' | 'client-key-data') => Buffer.from(users[0].user[name], 'base64');
    const connect = { ca: cluster.caPem, cert: pem('client-certificate-data'), key: pem('client-key-data') };
    return new ApiClient(cluster.server, new Agent({ connect }), {});
  }

  /** As the owner of a token. */
  static ofToken(cluster: TestCluster, token: string): ApiClient {
    const agent = new Agent({ connect: { ca: cluster.caPem } });
    return new ApiClient(cluster.server, agent, { authorization: `Bearer ${token}` });
  }

  /** `type`: the kind of a patch, without `application/` and `+json`: `merge-patch`, `strategic-merge-patch`. */
  async ask(
    method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    path: string,
    body?: unknown,
    type?: string,
  ): Promise<ApiAnswer> {
    const answer = await this.agent.request({
      origin: this.server,
      method,
      path,
      headers: {
        ...this.headers,
        accept: 'application/json',
        'content-type': type === undefined ? 'application/json' : `application/${type}+json`,
      },
      body: body === undefined ? null : JSON.stringify(body),
    });
    return { status: answer.statusCode, body: await answer.body.json() };
  }

  /** Answers the object. Throws what the API server says against it. */
  async done<T>(...question: Parameters<ApiClient['ask']>): Promise<T> {
    const { status, body } = await this.ask(...question);
    if (status >= 300)
      throw new Error(`${question[0]} ${question[1]}: ${status} ${(body as { message: string }).message}`);
    return body as T;
  }

  /** A token of a service account, by TokenRequest; `spec` as the API has it. */
  async requestToken(
    { namespace, name }: { readonly namespace: string; readonly name: string },
    spec: {
      readonly audiences?: readonly string[];
      readonly expirationSeconds?: number;
      readonly boundObjectRef?: object;
    } = {},
  ): Promise<string> {
    const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { audiences: [], ...spec } };
    const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`;
    return (await this.done<{ status: { token: string } }>('POST', path, review)).status.token;
  }

  close(): Promise<void> {
    return this.agent.close();
  }
}
