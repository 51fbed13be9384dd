import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Document, isMap, isScalar, isSeq, parse, parseAllDocuments } from 'yaml';
import { imageName, type ImageReference } from './provenance.js';
import { ReleaseError } from './release-error.js';

/**
 * `kubepass-V.yaml` for `kubectl apply`: the objects of the kustomize base, the namespace first, with the image by
 * digest if it is known.
 */
export function installManifest(base: string, version: string, image: ImageReference | null): string {
  const reference = image === null ? null : `${imageName(image)}@${image.digest}`;
  const documents = kustomize(base, (one) => {
    if (one === `kubepass:${version}`) return reference ?? one;
    throw new ReleaseError(`${base} has the image ${one} instead of kubepass:${version}: mend it and commit`);
  });
  const texts = documents.map((document) => document.toString({ lineWidth: 0, directives: false }).trim());
  return `${head(version, reference)}\n---\n${texts.join('\n---\n')}\n`;
}

const head = (version: string, reference: string | null): string => {
  const edits = [
    `the API server's address for your users: \`server\` in the ConfigMap kubepass-config, the first one below`,
    `the policies, in the ConfigMap kubepass-policies: they decide who gets which certificate`,
    ...(reference === null ? [`the image: name the registry in which you keep kubepass:${version}`] : []),
  ];
  const lines = [
    `kubepass ${version} in the cluster that it issues for: one replica with SQLite on a volume.`,
    '',
    'Edit before you apply it:',
    ...edits.map((edit, index) => `  ${index + 1}. ${edit}`),
    '',
    'The Secret kubepass-tls with the certificate that kubepass serves is not here, and the pod waits for it. Its names are',
    'kubepass.kubepass.svc and those that callers use:',
    '',
    `  kubectl apply --filename kubepass-${version}.yaml`,
    '  kubectl --namespace kubepass create secret tls kubepass-tls --cert=tls.crt --key=tls.key',
    '',
    'After a change of kubepass.yaml: kubectl --namespace kubepass rollout restart deployment kubepass. Changed policies',
    'take effect without one.',
  ];
  return lines.map((line) => `# ${line}`.trimEnd()).join('\n');
};

/** The fields of a kustomization.yaml that this program knows; it refuses others. */
interface Kustomization {
  readonly apiVersion: string;
  readonly kind: string;
  readonly resources: readonly string[];
  readonly labels?: readonly { readonly pairs: Readonly<Record<string, string>> }[];
  readonly images?: readonly { readonly name: string; readonly newName?: string; readonly newTag?: string }[];
  readonly configMapGenerator?: readonly {
    readonly name: string;
    readonly namespace: string;
    readonly files: readonly string[];
    readonly options?: { readonly disableNameSuffixHash?: boolean };
  }[];
}

const known = {
  kustomization: ['apiVersion', 'kind', 'resources', 'labels', 'images', 'configMapGenerator'],
  label: ['pairs'],
  image: ['name', 'newName', 'newTag'],
  configMap: ['name', 'namespace', 'files', 'options'],
  options: ['disableNameSuffixHash'],
};

/**
 * The objects of a folder with a kustomization.yaml as `kubectl kustomize` makes them, in this order: those of the
 * first resource, the ConfigMaps, those of the other resources. Comments stay, for people edit the result, and names of
 * ConfigMaps have no hash, for the same reason. `imageOf` answers another reference for an image, as the kustomization
 * names it.
 */
function kustomize(folder: string, imageOf: (image: string) => string): readonly Document[] {
  const file = join(folder, 'kustomization.yaml');
  const kustomization = parse(readFileSync(file, 'utf8')) as Kustomization;
  mustBeKnown(kustomization, file);
  const { resources, labels = [], images = [], configMapGenerator = [] } = kustomization;
  const documentsOf = (name: string): Document[] => [...parseAllDocuments(readFileSync(join(folder, name), 'utf8'))];
  const [first = [], ...others] = resources.map(documentsOf);
  const maps = configMapGenerator.map(({ name, namespace, files }) => {
    const data = Object.fromEntries(files.map((path) => [basename(path), readFileSync(join(folder, path), 'utf8')]));
    return new Document({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, data });
  });
  const documents = [...first, ...maps, ...others.flat()];
  for (const document of documents) {
    if (document.errors[0]) throw new ReleaseError(`${folder}: ${document.errors[0].message}`);
    for (const { pairs } of labels)
      for (const [name, value] of Object.entries(pairs)) document.setIn(['metadata', 'labels', name], value);
    replaceImages(document, (image) => imageOf(tagged(image, images)));
  }
  return documents;
}

function tagged(image: string, images: NonNullable<Kustomization['images']>): string {
  const [name = ''] = image.split(/[:@]/);
  const found = images.find((one) => one.name === name);
  if (found === undefined) return image;
  const rest = found.newTag === undefined ? image.slice(name.length) : `:${found.newTag}`;
  return `${found.newName ?? name}${rest}`;
}

function replaceImages(document: Document, imageOf: (image: string) => string): void {
  for (const kind of ['initContainers', 'containers']) {
    const containers = document.getIn(['spec', 'template', 'spec', kind], true);
    for (const container of isSeq(containers) ? containers.items : [])
      for (const { key, value } of isMap(container) ? container.items : [])
        if (isScalar(key) && key.value === 'image' && isScalar(value)) {
          value.value = imageOf(String(value.value));
          // It tells of the kustomization, which is not there where this is read.
          key.commentBefore = null;
        }
  }
}

function mustBeKnown(kustomization: Kustomization, file: string): void {
  const check = (object: object, keys: readonly string[], place: string) => {
    const other = Object.keys(object).find((key) => !keys.includes(key));
    if (other !== undefined)
      throw new ReleaseError(
        `${file} has ${place}${other}, which scripts/release/install-manifest.ts does not know: teach it`,
      );
  };
  check(kustomization, known.kustomization, '');
  for (const label of kustomization.labels ?? []) check(label, known.label, 'labels[].');
  for (const image of kustomization.images ?? []) check(image, known.image, 'images[].');
  for (const map of kustomization.configMapGenerator ?? []) {
    check(map, known.configMap, 'configMapGenerator[].');
    check(map.options ?? {}, known.options, 'configMapGenerator[].options.');
  }
}
