import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Document, isMap, isScalar, isSeq, parse, parseAllDocuments } from 'yaml';
import { ReleaseError } from '../release-error.js';

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
export function kustomize(folder: string, imageOf: (image: string) => string): readonly Document[] {
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
      throw new ReleaseError(`${file} has ${place}${other}, which scripts/release/artefacts does not know: teach it`);
  };
  check(kustomization, known.kustomization, '');
  for (const label of kustomization.labels ?? []) check(label, known.label, 'labels[].');
  for (const image of kustomization.images ?? []) check(image, known.image, 'images[].');
  for (const map of kustomization.configMapGenerator ?? []) {
    check(map, known.configMap, 'configMapGenerator[].');
    check(map.options ?? {}, known.options, 'configMapGenerator[].options.');
  }
}
