import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiClient } from '../api-client.js';
import type { TestNode } from './node.js';

interface Endpoint {
  readonly addresses: readonly [string];
  readonly conditions: { readonly ready?: boolean };
}

interface EndpointSlice {
  readonly ports: readonly { readonly name: string; readonly port: number }[];
  /** Null while the Service selects no Pod. */
  readonly endpoints: readonly Endpoint[] | null;
}

/**
 * A Service as a node leads to it: a port of loopback that gives each new connection to the next ready endpoint. The
 * endpoints are those that the cluster's controller found by the Service's selector and port.
 */
export class Balancer {
  private endpoints: readonly { readonly host: string; readonly port: number }[] = [];
  private next = 0;
  private isOver = false;
  private readonly sockets = new Set<Socket>();
  private readonly server = createServer((near) => this.lead(near));
  private loop: Promise<void> = Promise.resolve();

  private constructor(
    private readonly api: ApiClient,
    private readonly node: TestNode,
    private readonly service: { readonly namespace: string; readonly name: string; readonly port: string },
  ) {}

  static async start(node: TestNode, service: Balancer['service']): Promise<Balancer> {
    const balancer = new Balancer(node.api, node, service);
    balancer.loop = balancer.follow();
    await new Promise<void>((resolve) => balancer.server.listen(0, '127.0.0.1', resolve));
    return balancer;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** The number of endpoints that connections are led to. */
  get ready(): number {
    return this.endpoints.length;
  }

  async stop(): Promise<void> {
    this.isOver = true;
    await this.loop;
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private lead(near: Socket): void {
    const endpoint = this.endpoints[this.next++ % this.endpoints.length];
    if (endpoint === undefined) {
      near.destroy();
      return;
    }
    const far = connect(endpoint.port, endpoint.host);
    near.pipe(far).pipe(near);
    for (const socket of [near, far]) {
      this.sockets.add(socket);
      socket.setNoDelay();
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.sockets.delete(socket);
        for (const end of [near, far]) end.destroy();
      });
    }
  }

  private async follow(): Promise<void> {
    const { namespace, name, port } = this.service;
    const path = `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices?labelSelector=kubernetes.io/service-name=${name}`;
    while (!this.isOver) {
      const { items } = await this.api.done<{ items: readonly EndpointSlice[] }>('GET', path);
      const hosts = new Map([...this.node.pods.values()].map(({ ip, loopback }) => [ip, loopback]));
      this.endpoints = items.flatMap(({ ports, endpoints }) =>
        (endpoints ?? [])
          .filter(({ conditions }) => conditions.ready)
          .map(({ addresses: [ip] }) => ({
            host: hosts.get(ip) ?? '',
            port: ports.find((one) => one.name === port)?.port ?? 0,
          })),
      );
      await sleep(100);
    }
  }
}
