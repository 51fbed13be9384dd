import { randomInt } from 'node:crypto';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent } from 'undici';
import type { ApiClient } from '../api-client.js';
import { ProcessGuard } from '../process-guard.js';
import type { Finished } from '../run-command.js';
import { RunningContainer } from './container.js';
import type { Image } from './image.js';
import { type Container, type EnvVar, fieldOf, type Pod } from './pod-objects.js';
import { PodVolumes, readKeys } from './volumes.js';

/** How often the node looks at its pods. */
const INTERVAL_MILLISECONDS = 100;

/** How a Pod reaches the API server, and addresses by their names, as the DNS of a cluster would answer them. */
export interface NodeSurroundings {
  readonly apiServer: { readonly host: string; readonly port: string };
  readonly hosts: Readonly<Record<string, string>>;
}

/**
 * A node without a kubelet: it takes every Pod of the cluster, runs its init containers and its container from `image`
 * as the Pod says, asks its probes, reports to the API server, restarts what ends, and ends what is deleted, after
 * `preStop`. It differs in these: a container has no network of its own, so each variable with the value `0.0.0.0` gets
 * an address of loopback that belongs to the Pod; probes are asked ten times a second, and liveness is not; limits of
 * resources and seccomp are not kept. It needs root.
 */
export class TestNode {
  readonly pods = new Map<string, RunningPod>();
  private readonly name = 'node';
  private readonly guard: ProcessGuard;
  private isOver = false;
  private loop: Promise<void> = Promise.resolve();
  private failure: Error | null = null;

  private constructor(
    readonly api: ApiClient,
    private readonly image: Image,
    private readonly directory: string,
    private readonly surroundings: NodeSurroundings,
  ) {
    this.guard = new ProcessGuard(directory);
  }

  /** `directory`: for its volumes; `stop` removes it. */
  static async start(
    api: ApiClient,
    image: Image,
    directory: string,
    surroundings: NodeSurroundings,
  ): Promise<TestNode> {
    const node = new TestNode(api, image, directory, surroundings);
    await api.done('POST', '/api/v1/nodes', { apiVersion: 'v1', kind: 'Node', metadata: { name: node.name } });
    node.loop = node.run();
    return node;
  }

  /** The Pods that are not being deleted, in the order of their names. */
  podsOf(namespace: string): readonly RunningPod[] {
    if (this.failure !== null) throw this.failure;
    return [...this.pods.values()]
      .filter(({ pod, isEnding }) => pod.metadata.namespace === namespace && !isEnding)
      .sort((a, b) => (a.pod.metadata.name < b.pod.metadata.name ? -1 : 1));
  }

  /** Ends all containers at once. */
  async stop(): Promise<void> {
    this.isOver = true;
    await this.loop;
    await Promise.all([...this.pods.values()].map((pod) => pod.kill()));
    await this.guard.end();
  }

  private async run(): Promise<void> {
    while (!this.isOver) {
      try {
        await this.look();
      } catch (error) {
        this.failure ??= error as Error;
      }
      await sleep(INTERVAL_MILLISECONDS);
    }
  }

  private async look(): Promise<void> {
    const { items } = await this.api.done<{ items: readonly Pod[] }>('GET', '/api/v1/pods');
    for (const pod of items) {
      const { uid, name, namespace, deletionTimestamp } = pod.metadata;
      const running = this.pods.get(uid);
      if (running !== undefined && deletionTimestamp !== undefined) running.end();
      else if (running === undefined && pod.spec.nodeName === undefined)
        await this.api.done('POST', `/api/v1/namespaces/${namespace}/pods/${name}/binding`, {
          apiVersion: 'v1',
          kind: 'Binding',
          metadata: { name },
          target: { apiVersion: 'v1', kind: 'Node', name: this.name },
        });
      else if (running === undefined && deletionTimestamp === undefined)
        this.pods.set(uid, RunningPod.start(this.api, this.image, this.directory, this.surroundings, this.guard, pod));
    }
  }
}

/** A Pod of this node. */
export class RunningPod {
  /** The address in its status. An API server refuses addresses of loopback there, so it differs from `loopback`. */
  readonly ip: string;
  /** The address at which its containers listen. */
  readonly loopback: string;
  isEnding = false;
  isReady = false;
  /** The lines of all its containers, in the order in which they were started. */
  readonly logs: { readonly container: string; readonly lines: readonly string[] }[] = [];
  /** How its containers ended. */
  readonly ends: { readonly container: string; readonly end: number | NodeJS.Signals }[] = [];
  readonly finished: Promise<void>;
  private readonly volumes: PodVolumes;
  private readonly probeAgent = new Agent({ connect: { rejectUnauthorized: false } });
  private current: RunningContainer | null = null;
  private endAsked: () => void = () => undefined;
  private readonly untilEnd = new Promise<void>((resolve) => (this.endAsked = resolve));

  private constructor(
    private readonly api: ApiClient,
    private readonly image: Image,
    private readonly directory: string,
    private readonly surroundings: NodeSurroundings,
    private readonly guard: ProcessGuard,
    readonly pod: Pod,
  ) {
    const host = [randomInt(1, 255), randomInt(0, 256), randomInt(1, 255)].join('.');
    [this.ip, this.loopback] = [`10.${host}`, `127.${host}`];
    this.volumes = new PodVolumes(api, pod, this.ip, join(directory, 'volumes'), join(directory, '..', 'claims'));
    this.finished = this.run();
  }

  static start(
    api: ApiClient,
    image: Image,
    parent: string,
    surroundings: NodeSurroundings,
    guard: ProcessGuard,
    pod: Pod,
  ): RunningPod {
    const directory = join(parent, pod.metadata.uid);
    mkdirSync(directory, { recursive: true });
    return new RunningPod(api, image, directory, surroundings, guard, pod);
  }

  /** The process of its container. Throws where none runs. */
  get container(): RunningContainer {
    if (this.current === null) throw new Error(`no container of ${this.pod.metadata.name} runs`);
    return this.current;
  }

  exec(...command: readonly string[]): Promise<Finished> {
    return this.container.exec(command);
  }

  /** Brings what has changed in Secrets and ConfigMaps into the volumes, as a kubelet does within a minute or two. */
  sync(): Promise<void> {
    return this.volumes.sync();
  }

  end(): void {
    if (this.isEnding) return;
    this.isEnding = true;
    this.endAsked();
  }

  async kill(): Promise<void> {
    this.end();
    this.current?.kill('SIGKILL');
    await this.finished;
    await this.probeAgent.close();
  }

  private async run(): Promise<void> {
    const { spec } = this.pod;
    try {
      await this.volumes.sync();
      for (const container of spec.initContainers ?? []) await this.runToEnd(container);
      const [container] = spec.containers;
      if (container === undefined || spec.containers.length > 1)
        throw new Error('this node runs one container of a Pod');
      while (!this.isEnding) await this.serve(container);
    } catch (error) {
      this.logs.push({ container: 'node', lines: [String(error)] });
    }
    await this.untilEnd;
    const { name, namespace, uid } = this.pod.metadata;
    await this.api.ask('DELETE', `/api/v1/namespaces/${namespace}/pods/${name}`, {
      gracePeriodSeconds: 0,
      preconditions: { uid },
    });
  }

  /** An init container that fails is started again, until the Pod is deleted. */
  private async runToEnd(container: Container): Promise<void> {
    while (!this.isEnding) {
      if ((await this.start(container)) === 0) return;
      await Promise.race([sleep(1000), this.untilEnd]);
    }
  }

  /** Runs the container until it ends or the Pod is deleted. */
  private async serve(container: Container): Promise<void> {
    const ended = this.start(container);
    const state = { isOver: false };
    void ended.then(() => (state.isOver = true));
    const probing = (async () => {
      while (!state.isOver && !this.isEnding && !(await this.probe(container, 'startupProbe')))
        await sleep(INTERVAL_MILLISECONDS);
      while (!state.isOver && !this.isEnding) {
        const isReady = await this.probe(container, 'readinessProbe');
        if (isReady !== this.isReady) await this.report(isReady);
        await sleep(INTERVAL_MILLISECONDS);
      }
      if (this.isReady) await this.report(false);
    })();
    await Promise.race([ended, this.untilEnd]);
    await probing;
    if (!this.isEnding) return;
    const asked = performance.now();
    const { preStop } = container.lifecycle ?? {};
    if (!state.isOver) await sleep((preStop?.sleep?.seconds ?? 0) * 1000);
    this.current?.kill('SIGTERM');
    const left = this.pod.spec.terminationGracePeriodSeconds * 1000 - (performance.now() - asked);
    const patience = new AbortController();
    await Promise.race([ended, sleep(left, undefined, { signal: patience.signal }).catch(() => undefined)]);
    patience.abort();
    this.current?.kill('SIGKILL');
    await ended;
  }

  private async start(container: Container): Promise<number | NodeJS.Signals> {
    const environment = await this.environmentOf(container);
    const expand = (texts: readonly string[]) => texts.map((text) => expandVariables(text, environment));
    const { runAsUser: user, runAsGroup: group } = this.pod.spec.securityContext;
    const running = RunningContainer.start(
      this.image,
      {
        // A command of the container takes the place of both of the image, arguments that of one.
        command: [
          ...expand(container.command ?? this.image.entrypoint),
          ...expand(container.args ?? (container.command === undefined ? this.image.command : [])),
        ],
        environment,
        mounts: this.mountsOf(container),
        readOnlyRootFilesystem: container.securityContext?.readOnlyRootFilesystem ?? false,
        user,
        group,
      },
      this.guard,
    );
    this.current = running;
    this.logs.push({ container: container.name, lines: running.lines });
    const end = await running.ended;
    this.current = null;
    this.ends.push({ container: container.name, end });
    return end;
  }

  private mountsOf({ volumeMounts = [] }: Container) {
    const hosts = join(this.directory, 'hosts');
    const names = { localhost: '127.0.0.1', [this.pod.metadata.name]: this.loopback, ...this.surroundings.hosts };
    writeFileSync(
      hosts,
      Object.entries(names)
        .map(([name, address]) => `${address} ${name}\n`)
        .join(''),
    );
    chmodSync(hosts, 0o644);
    const mounts = volumeMounts.map(({ name, mountPath, readOnly = false, subPath }) => {
      if (subPath !== undefined) throw new Error('this node mounts whole volumes');
      return [mountPath, { from: this.volumes.folderOf(name), readOnly }] as const;
    });
    return new Map([['/etc/hosts', { from: hosts, readOnly: true }] as const, ...mounts]);
  }

  private async environmentOf({ env = [] }: Container): Promise<Readonly<Record<string, string>>> {
    if (this.pod.spec.enableServiceLinks !== false) throw new Error('this node has no links of Services');
    const { host, port } = this.surroundings.apiServer;
    const environment: Record<string, string> = {
      ...this.image.environment,
      HOSTNAME: this.pod.metadata.name,
      KUBERNETES_SERVICE_HOST: host,
      KUBERNETES_SERVICE_PORT: port,
      KUBERNETES_SERVICE_PORT_HTTPS: port,
    };
    for (const variable of env) environment[variable.name] = await this.valueOf(variable, environment);
    return Object.fromEntries(
      Object.entries(environment).map(([name, value]) => [name, value === '0.0.0.0' ? this.loopback : value]),
    );
  }

  private async valueOf({ value, valueFrom }: EnvVar, before: Readonly<Record<string, string>>): Promise<string> {
    if (valueFrom === undefined) return expandVariables(value ?? '', before);
    if (valueFrom.fieldRef) return fieldOf(this.pod, this.ip, valueFrom.fieldRef.fieldPath);
    const { secretKeyRef, configMapKeyRef } = valueFrom;
    const reference = secretKeyRef ?? configMapKeyRef;
    if (reference === undefined) throw new Error(`this node has no value ${JSON.stringify(valueFrom)}`);
    const kind = secretKeyRef ? 'secrets' : 'configmaps';
    const found = (await readKeys(this.api, kind, this.pod.metadata.namespace, reference.name)).get(reference.key);
    if (found === undefined) throw new Error(`${kind} ${reference.name} has no key ${reference.key}`);
    return found.toString('utf8');
  }

  private async probe(container: Container, kind: 'startupProbe' | 'readinessProbe'): Promise<boolean> {
    const probe = container[kind];
    if (probe === undefined) return true;
    const { path, port } = probe.httpGet;
    const number = typeof port === 'number' ? port : container.ports?.find(({ name }) => name === port)?.containerPort;
    try {
      const answer = await this.probeAgent.request({
        origin: `https://${this.loopback}:${number ?? 0}`,
        method: 'GET',
        path,
      });
      await answer.body.dump();
      return answer.statusCode < 400;
    } catch {
      return false;
    }
  }

  /** Reports whether the Pod is ready, so that controllers count it and Services lead to it. */
  private async report(isReady: boolean): Promise<void> {
    this.isReady = isReady;
    const { name, namespace } = this.pod.metadata;
    const lastTransitionTime = new Date().toISOString();
    const conditions = ['Initialized', 'ContainersReady', 'Ready'].map((type) => ({
      type,
      status: type === 'Initialized' || isReady ? 'True' : 'False',
      lastTransitionTime,
    }));
    const status = { phase: 'Running', podIP: this.ip, podIPs: [{ ip: this.ip }], conditions };
    await this.api.ask(
      'PATCH',
      `/api/v1/namespaces/${namespace}/pods/${name}/status`,
      { status },
      'strategic-merge-patch',
    );
  }
}

/** `$(NAME)` is the value of a variable that is there, and `$$` a dollar. */
function expandVariables(text: string, variables: Readonly<Record<string, string>>): string {
  return text.replace(/\$\$|\$\(([^)]+)\)/g, (whole, name: string | undefined) =>
    name === undefined ? '$' : (variables[name] ?? whole),
  );
}
