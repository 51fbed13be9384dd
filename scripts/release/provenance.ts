import { createHash } from 'node:crypto';
import type { Commit } from './git.js';
import { ReleaseError } from './release-error.js';

/** The values that somebody chose for the artefacts. */
export interface Parameters {
  readonly version: string;
  readonly image: ImageReference | null;
  readonly repository: string | null;
  readonly downloads: string | null;
}

export interface Origin {
  readonly commit: Commit;
  /** SHA-256 of package-lock.json, in hex: it names each package that took part. */
  readonly lockfile: string;
  /** A URI for the machine that made them; null: the one of whoever has the repository. */
  readonly builder: string | null;
}

/** The commands that make artefacts of a commit, as docs/verifying.md shows them. */
const buildType = 'urn:kubepass:release-artefacts:v1';

/**
 * How the artefacts were made, as a statement of in-toto with the provenance of SLSA 1.0. `digests` are SHA-256 in hex
 * by the names of the artefacts. Nothing in it is of the moment, so it is the same each time.
 *
 * https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md, https://slsa.dev/spec/v1.0/provenance
 */
export function provenance(digests: ReadonlyMap<string, string>, parameters: Parameters, origin: Origin): unknown {
  const { version, image, repository, downloads } = parameters;
  const { commit, lockfile, builder } = origin;
  return {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [
      ...[...digests].map(([name, sha256]) => ({ name, digest: { sha256 } })),
      ...(image === null ? [] : [{ name: imageName(image), digest: { sha256: image.digest.replace('sha256:', '') } }]),
    ],
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate: {
      buildDefinition: {
        buildType,
        externalParameters: {
          version,
          ...(image === null ? {} : { image: `${imageName(image)}@${image.digest}` }),
          ...(repository === null ? {} : { repository }),
          ...(downloads === null ? {} : { downloads }),
        },
        resolvedDependencies: [
          {
            name: 'source',
            ...(repository === null ? {} : { uri: `git+${repository}` }),
            digest: { gitCommit: commit.id },
          },
          { name: 'package-lock.json', digest: { sha256: lockfile } },
        ],
      },
      runDetails: { builder: { id: builder ?? repository ?? 'urn:kubepass:builder:unknown' } },
    },
  };
}

export const sha256 = (content: Buffer | string): string => createHash('sha256').update(content).digest('hex');

/** A file for `sha256sum --check`, in the order of the names. */
export const checksums = (digests: ReadonlyMap<string, string>): string =>
  [...digests]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, digest]) => `${digest}  ${name}\n`)
    .join('');

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

/**
 * Reads the URL that an option gives, to which paths are appended: without a slash at its end. Throws `ReleaseError` if
 * it is no URL of the web, or has a credential, a query or a fragment.
 */
export function parseBaseUrl(text: string, option: string): string {
  const url = URL.parse(text);
  const isPlain =
    url !== null && `${url.username}${url.password}${url.search}${url.hash}` === '' && !/[\s?#]/.test(text);
  if (isPlain && ['https:', 'http:'].includes(url.protocol)) return url.href.replace(/\/+$/, '');
  throw new ReleaseError(
    `${option} is "${text}", which is no plain URL: it looks like https://git.example/team/kubepass`,
  );
}
