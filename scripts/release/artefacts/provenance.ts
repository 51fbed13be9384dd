import type { Commit } from '../git.js';
import { imageName, type ImageReference } from './image-reference.js';

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
