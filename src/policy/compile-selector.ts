import { choiceOf } from './choice.js';
import { compileGlobs, type Globs } from './glob.js';
import type { PolicyDocument } from './policy-schema.js';
import type { Selector } from './policy-set.js';

export function compileSelector({ clusters, requesters }: PolicyDocument['spec']['selector']): Selector {
  return {
    ...compiledGlobs({ clusters }),
    ...(requesters && {
      requesters: {
        ...compiledGlobs({ names: requesters.names, groups: requesters.groups }),
        ...(requesters.roles && { roles: choiceOf(requesters.roles) }),
      },
    }),
  };
}

/** Each list of globs read; what is left out stays left out. */
export function compiledGlobs<Field extends string>(
  written: Readonly<Record<Field, readonly string[] | undefined>>,
): Readonly<Partial<Record<Field, Globs>>> {
  const compiled: Partial<Record<Field, Globs>> = {};
  for (const field of Object.keys(written) as Field[]) {
    const globs = written[field];
    if (globs !== undefined) compiled[field] = compileGlobs(globs);
  }
  return compiled;
}
