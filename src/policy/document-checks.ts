import { isDnsLabel } from '../model/name-grammar.js';
import { patternVariables, unknownVariables } from './glob.js';
import type { PolicyDocument } from './policy-schema.js';
import type { DocumentError } from './shape-errors.js';

type WrittenSelector = PolicyDocument['spec']['selector'];
export type WrittenStages = NonNullable<PolicyDocument['spec']['approval']['stages']>;

export const dnsLabelMessage = 'must be a DNS label: a-z, 0-9 and inner -, at most 63 characters';

export function nameErrors(name: string): readonly DocumentError[] {
  return isDnsLabel(name) ? [] : [{ path: '/metadata/name', message: dnsLabelMessage }];
}

export function selectorErrors({ clusters, requesters }: WrittenSelector): readonly DocumentError[] {
  return [
    ...plainGlobErrors('/spec/selector/clusters', clusters),
    ...principalErrors('/spec/selector/requesters', requesters),
  ];
}

/** Of stages in a document; one that is there at all has at least one stage. */
export function stageErrors(stages: WrittenStages): readonly DocumentError[] {
  const path = '/spec/approval/stages';
  if (stages.length === 0) return [{ path, message: 'must have a stage' }];
  return stages.flatMap(({ approvers }, i) => principalErrors(`${path}/${i}/approvers`, approvers));
}

/** Of globs that may name the requester. */
export function globErrors(path: string, globs: readonly string[] | undefined): readonly DocumentError[] {
  const known = patternVariables.map((name) => `\${${name}}`).join(', ');
  return variableErrors(
    path,
    globs,
    patternVariables,
    (written) => `"${written}" is not a variable; there is ${known}`,
  );
}

function principalErrors(path: string, selector: WrittenSelector['requesters']): readonly DocumentError[] {
  return [...plainGlobErrors(`${path}/names`, selector?.names), ...plainGlobErrors(`${path}/groups`, selector?.groups)];
}

function plainGlobErrors(path: string, globs: readonly string[] | undefined): readonly DocumentError[] {
  return variableErrors(path, globs, [], (written) => `"${written}" has no meaning here`);
}

function variableErrors(
  path: string,
  globs: readonly string[] | undefined,
  variables: readonly string[],
  message: (written: string) => string,
): readonly DocumentError[] {
  return (globs ?? []).flatMap((glob, i) =>
    unknownVariables(glob, variables).map((written) => ({ path: `${path}/${i}`, message: message(written) })),
  );
}
