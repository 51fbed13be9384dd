import { ReleaseError } from '../release-error.js';

/** Where a release goes: a registry and a path in it. */
export interface Target {
  /** `registry.example/path`, without a slash at its end. */
  readonly path: string;
  readonly plainHttp: boolean;
}

/** Throws a `ReleaseError` where the text is no address of a registry and a path in it. */
export function parseTarget(to: string, plainHttp: boolean): Target {
  const part = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
  // Without a dot, a port or `localhost` the first part would be a path in a registry that nobody named.
  const host = '(?:localhost|[a-zA-Z0-9-]+(?:\\.[a-zA-Z0-9-]+)+|[a-zA-Z0-9.-]+(?=:)|\\[[0-9a-fA-F:]+\\])(?::\\d+)?';
  if (!new RegExp(`^${host}(?:/${part})*$`).test(to))
    throw new ReleaseError(
      `--to is REGISTRY/PATH in lower case, without a scheme or a tag, such as registry.example/owner: ${to}`,
    );
  return { path: to, plainHttp };
}

/** The tag of a version: `+`, which a tag cannot have, is `_`, as Helm has it. */
export const tagOf = (version: string): string => version.replaceAll('+', '_');
