import { ReleaseError } from '../release-error.js';

/** An image by its digest, in the parts that a chart's values have. */
export interface ImageReference {
  /** `registry.example:5000`, or empty: the one that the container runtime takes by itself. */
  readonly registry: string;
  /** `team/kubepass`. */
  readonly repository: string;
  /** `sha256:` and 64 hex digits. */
  readonly digest: string;
}

// https://github.com/distribution/reference: a host name, an IPv4 or an IPv6 address, and a port.
const label = '[a-z0-9](?:[a-z0-9-]*[a-z0-9])?';
const registryForm = new RegExp(`^(?:${label}(?:\\.${label})*|\\[[a-f0-9:]+\\])(?::[0-9]{1,5})?$`);
const part = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
const repositoryForm = new RegExp(`^${part}(?:/${part})*$`);
const tagForm = /^\w[\w.-]{0,127}$/;
const digestForm = /^sha256:[a-f0-9]{64}$/;

const example = 'it looks like registry.example/team/kubepass@sha256:… with 64 hex digits in lower case';

/**
 * Reads `REF@sha256:…`. A tag before the digest is passed over, because the digest says which image it is. Throws
 * `ReleaseError` if it is anything else.
 */
export function parseImageReference(text: string): ImageReference {
  const refuse = (reason: string) => new ReleaseError(`--image is "${text}", ${reason}: ${example}`);
  const [named = '', digest, ...rest] = text.split('@');
  if (digest === undefined) throw refuse('which has no digest');
  if (rest.length > 0 || !digestForm.test(digest)) throw refuse('whose digest is none');
  const [, name = '', tag] = /^(.*?)(?::([^:/]*))?$/s.exec(named) ?? [];
  if (tag !== undefined && !tagForm.test(tag)) throw refuse('whose tag is none');
  const slash = name.indexOf('/');
  const first = name.slice(0, Math.max(slash, 0));
  // As container runtimes tell a registry from the first part of a path.
  const hasRegistry = /[.:]/.test(first) || first === 'localhost';
  const registry = hasRegistry ? first : '';
  const repository = hasRegistry ? name.slice(slash + 1) : name;
  if (hasRegistry && !registryForm.test(registry)) throw refuse('whose registry is none');
  if (name.length > 255 || !repositoryForm.test(repository)) throw refuse('whose name is none');
  return { registry, repository, digest };
}

/** `registry.example/team/kubepass`. */
export const imageName = ({ registry, repository }: ImageReference): string =>
  registry === '' ? repository : `${registry}/${repository}`;
