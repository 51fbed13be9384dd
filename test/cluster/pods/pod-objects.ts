/** The parts of a Pod, as an API server answers it, that a node acts on. */
export interface Pod {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly uid: string;
    readonly deletionTimestamp?: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly spec: {
    readonly nodeName?: string;
    readonly serviceAccountName: string;
    readonly terminationGracePeriodSeconds: number;
    readonly enableServiceLinks?: boolean;
    readonly securityContext: { readonly runAsUser: number; readonly runAsGroup: number; readonly fsGroup: number };
    readonly initContainers?: readonly Container[];
    readonly containers: readonly Container[];
    readonly volumes: readonly Volume[];
  };
}

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly env?: readonly EnvVar[];
  readonly volumeMounts?: readonly VolumeMount[];
  readonly securityContext?: { readonly readOnlyRootFilesystem?: boolean };
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
  readonly lifecycle?: { readonly preStop?: { readonly sleep?: { readonly seconds: number } } };
  readonly startupProbe?: Probe;
  readonly readinessProbe?: Probe;
}

export interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string | number };
}

export interface EnvVar {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: {
    readonly secretKeyRef?: KeyReference;
    readonly configMapKeyRef?: KeyReference;
    readonly fieldRef?: { readonly fieldPath: string };
  };
}

export interface KeyReference {
  readonly name: string;
  readonly key: string;
}

export interface VolumeMount {
  readonly name: string;
  readonly mountPath: string;
  readonly readOnly?: boolean;
  readonly subPath?: string;
}

export interface Items {
  readonly items?: readonly { readonly key: string; readonly path: string; readonly mode?: number }[];
  readonly optional?: boolean;
}

export type Volume = { readonly name: string } & {
  readonly configMap?: Items & { readonly name: string; readonly defaultMode?: number };
  readonly secret?: Items & { readonly secretName: string; readonly defaultMode?: number };
  readonly emptyDir?: object;
  readonly persistentVolumeClaim?: { readonly claimName: string };
  readonly projected?: { readonly defaultMode?: number; readonly sources: readonly ProjectedSource[] };
};

export interface ProjectedSource {
  readonly secret?: Items & { readonly name: string };
  readonly configMap?: Items & { readonly name: string };
  readonly serviceAccountToken?: {
    readonly audience?: string;
    readonly expirationSeconds: number;
    readonly path: string;
  };
  readonly downwardAPI?: {
    readonly items: readonly { readonly path: string; readonly fieldRef: { readonly fieldPath: string } }[];
  };
}

/** Answers a field of the Pod for `fieldRef`. Throws for one that the charts do not use. */
export function fieldOf(pod: Pod, ip: string, path: string): string {
  const fields: Readonly<Record<string, string>> = {
    'metadata.name': pod.metadata.name,
    'metadata.namespace': pod.metadata.namespace,
    'metadata.uid': pod.metadata.uid,
    'status.podIP': ip,
  };
  const value = fields[path];
  if (value === undefined) throw new Error(`this node does not know the field ${path}`);
  return value;
}
