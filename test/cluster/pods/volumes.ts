import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { ApiClient } from '../api-client.js';
import { fieldOf, type Items, type Pod, type ProjectedSource, type Volume } from './pod-objects.js';

interface File {
  readonly data: Buffer;
  readonly mode: number;
  /** Its owner; default: root. */
  readonly uid?: number;
}
/** Files by their path in the volume. */
type Payload = ReadonlyMap<string, File>;

/** The kubelet's default for files of volumes. */
const DEFAULT_MODE = 0o644;

/**
 * The volumes of one Pod in folders, laid out as the kubelet does it: Secrets, ConfigMaps and projected volumes behind
 * a link `..data` that a change swaps, owned by root and the Pod's fsGroup, which may read each file.
 */
export class PodVolumes {
  private readonly written = new Map<string, string>();

  constructor(
    private readonly api: ApiClient,
    private readonly pod: Pod,
    private readonly ip: string,
    private readonly directory: string,
    /** The folder with the volumes that outlive pods. */
    private readonly claims: string,
  ) {}

  folderOf(name: string): string {
    const volume = this.pod.spec.volumes.find((one) => one.name === name);
    if (volume === undefined) throw new Error(`${this.pod.metadata.name} has no volume ${name}`);
    const claim = volume.persistentVolumeClaim?.claimName;
    return claim === undefined
      ? join(this.directory, name)
      : join(this.claims, `${this.pod.metadata.namespace}-${claim}`);
  }

  /** Makes the folders, and writes what is in them; later it writes what has changed. */
  async sync(): Promise<void> {
    for (const volume of this.pod.spec.volumes) {
      const folder = this.folderOf(volume.name);
      const payload = await this.payloadOf(volume);
      if (payload === null) this.makeWritable(volume, folder);
      else this.write(folder, payload);
    }
  }

  private makeWritable(volume: Volume, folder: string): void {
    if (!volume.emptyDir && !volume.persistentVolumeClaim)
      throw new Error(`this node has no volume ${JSON.stringify(volume)}`);
    if (existsSync(folder)) return;
    mkdirSync(folder, { recursive: true });
    chownSync(folder, 0, this.pod.spec.securityContext.fsGroup);
    chmodSync(folder, volume.emptyDir ? 0o2777 : 0o2775);
  }

  /** Null for a volume that the containers write. */
  private async payloadOf({ secret, configMap, projected }: Volume): Promise<Payload | null> {
    if (secret) return this.keysOf('secrets', secret.secretName, secret, secret.defaultMode);
    if (configMap) return this.keysOf('configmaps', configMap.name, configMap, configMap.defaultMode);
    if (!projected) return null;
    const parts = await Promise.all(projected.sources.map((source) => this.sourceOf(source, projected.defaultMode)));
    return new Map(parts.flatMap((part) => [...part]));
  }

  private async sourceOf(source: ProjectedSource, defaultMode = DEFAULT_MODE): Promise<Payload> {
    const { secret, configMap, serviceAccountToken, downwardAPI } = source;
    if (secret) return this.keysOf('secrets', secret.name, secret, defaultMode);
    if (configMap) return this.keysOf('configmaps', configMap.name, configMap, defaultMode);
    if (serviceAccountToken) return this.tokenOf(serviceAccountToken);
    if (!downwardAPI) throw new Error(`this node has no source ${JSON.stringify(source)}`);
    return new Map(
      downwardAPI.items.map(({ path, fieldRef }) => [
        path,
        { data: Buffer.from(fieldOf(this.pod, this.ip, fieldRef.fieldPath)), mode: defaultMode },
      ]),
    );
  }

  private async keysOf(
    kind: 'secrets' | 'configmaps',
    name: string,
    { items }: Items,
    defaultMode = DEFAULT_MODE,
  ): Promise<Payload> {
    const data = await readKeys(this.api, kind, this.pod.metadata.namespace, name);
    const chosen = items ?? [...data.keys()].map((key) => ({ key, path: key }));
    return new Map(
      chosen.map((item) => {
        const value = data.get(item.key);
        if (value === undefined) throw new Error(`${kind} ${name} has no key ${item.key}`);
        return [item.path, { data: value, mode: ('mode' in item ? item.mode : undefined) ?? defaultMode }];
      }),
    );
  }

  /** The kubelet gives a token to the user of the containers alone. One token lasts for the test. */
  private async tokenOf({
    audience,
    expirationSeconds,
    path,
  }: NonNullable<ProjectedSource['serviceAccountToken']>): Promise<Payload> {
    const key = `${audience ?? ''} ${path}`;
    const { name, namespace, uid } = this.pod.metadata;
    const token =
      this.written.get(key) ??
      (await this.api.requestToken(
        { namespace, name: this.pod.spec.serviceAccountName },
        {
          ...(audience !== undefined && { audiences: [audience] }),
          expirationSeconds,
          boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name, uid },
        },
      ));
    this.written.set(key, token);
    return new Map([[path, { data: Buffer.from(token), mode: 0o600, uid: this.pod.spec.securityContext.runAsUser }]]);
  }

  private write(folder: string, payload: Payload): void {
    const { fsGroup } = this.pod.spec.securityContext;
    const own = (path: string, uid: number, mode: number) => {
      chownSync(path, uid, fsGroup);
      chmodSync(path, mode);
    };
    const content = JSON.stringify([...payload].map(([path, { data, mode }]) => [path, data.toString('base64'), mode]));
    if (this.written.get(folder) === content) return;
    this.written.set(folder, content);
    mkdirSync(folder, { recursive: true });
    own(folder, 0, 0o2777);
    const data = mkdtempSync(`${folder}/..`);
    own(data, 0, 0o2755);
    for (const [path, file] of payload) {
      const target = join(data, path);
      for (const parent of foldersOf(path).map((one) => join(data, one))) {
        if (!existsSync(parent)) mkdirSync(parent);
        own(parent, 0, 0o2755);
      }
      writeFileSync(target, file.data);
      own(target, file.uid ?? 0, file.mode | 0o440);
    }
    const former = existsSync(join(folder, '..data')) ? readlinkSync(join(folder, '..data')) : null;
    symlinkSync(data.slice(folder.length + 1), join(folder, '..data_tmp'));
    renameSync(join(folder, '..data_tmp'), join(folder, '..data'));
    const names = new Set([...payload.keys()].map((path) => path.split('/')[0] ?? path));
    for (const name of names) if (!existsSync(join(folder, name))) symlinkSync(`..data/${name}`, join(folder, name));
    for (const name of readdirSync(folder))
      if (!name.startsWith('..') && !names.has(name)) rmSync(join(folder, name), { force: true });
    if (former !== null) rmSync(join(folder, former), { recursive: true });
  }
}

/** `a/b/c` lies in `a` and `a/b`. */
const foldersOf = (path: string): readonly string[] => {
  const parts = path.split('/').slice(0, -1);
  return parts.map((_part, i) => parts.slice(0, i + 1).join('/'));
};

/** The values of a Secret or ConfigMap by their keys. */
export async function readKeys(
  api: ApiClient,
  kind: 'secrets' | 'configmaps',
  namespace: string,
  name: string,
): Promise<ReadonlyMap<string, Buffer>> {
  const object = await api.done<Record<'data' | 'binaryData', Readonly<Record<string, string>> | undefined>>(
    'GET',
    `/api/v1/namespaces/${namespace}/${kind}/${name}`,
  );
  const texts = Object.entries(object.data ?? {}).map(
    ([key, value]) => [key, Buffer.from(value, kind === 'secrets' ? 'base64' : 'utf8')] as const,
  );
  const binaries = Object.entries(object.binaryData ?? {}).map(
    ([key, value]) => [key, Buffer.from(value, 'base64')] as const,
  );
  return new Map([...texts, ...binaries]);
}
