import { isDnsLabel } from '../model/name-grammar.js';
import { compiledGlobs, compileSelector } from './compile-selector.js';
import { Compiler } from './compiler.js';
import type { ConfiguredCluster } from './configured-cluster.js';
import { dnsLabelMessage, globErrors, nameErrors, selectorErrors, stageErrors } from './document-checks.js';
import type { GuardrailDocument } from './policy-schema.js';
import type { Guardrail, Selector } from './policy-set.js';
import type { DocumentError } from './shape-errors.js';

type Spec = GuardrailDocument['spec'];

/** Reads a guardrail as written, and says everything that its schema cannot tell is wrong with it. */
export function compileGuardrail(
  { metadata: { name }, spec }: Pick<GuardrailDocument, 'metadata' | 'spec'>,
  clusters: readonly ConfiguredCluster[],
): { readonly guardrail: Guardrail; readonly errors: readonly DocumentError[] } {
  const compiler = new Compiler();
  const selector = compileSelector(spec.selector);
  const { match, matchConditions = [], resolvesTo = null, approval, message } = spec;
  const guardrail: Guardrail = {
    name,
    selector,
    match: match ? compiledGlobs({ usernames: match.usernames, groups: match.groups }) : null,
    matchConditions: matchConditions.map((condition, i) => ({
      name: condition.name,
      expression: compiler.expression(`/spec/matchConditions/${i}/expression`, condition.expression, 'bool'),
    })),
    resolvesTo,
    approval: approval ? { stages: approval.stages.map((stage) => ({ count: 1, ...stage })) } : null,
    message,
  };
  const errors = [
    ...nameErrors(name),
    ...selectorErrors(spec.selector),
    ...globErrors('/spec/match/usernames', match?.usernames),
    ...globErrors('/spec/match/groups', match?.groups),
    ...matchErrors(match),
    ...conditionNameErrors(matchConditions),
    ...compiler.errors,
    ...(approval ? stageErrors(approval.stages) : []),
    ...(resolvesTo ? unreadableErrors(selector, clusters) : []),
  ];
  return { guardrail, errors };
}

/** Without `match` it holds for whatever it selects; with one in which nothing can match it would never hold. */
function matchErrors(match: Spec['match']): readonly DocumentError[] {
  return match && [...(match.usernames ?? []), ...(match.groups ?? [])].length === 0
    ? [{ path: '/spec/match', message: 'matches nothing: name usernames or groups, or leave it out' }]
    : [];
}

function conditionNameErrors(conditions: NonNullable<Spec['matchConditions']>): readonly DocumentError[] {
  return conditions.flatMap(({ name }, i) => {
    const path = `/spec/matchConditions/${i}/name`;
    if (!isDnsLabel(name)) return [{ path, message: dnsLabelMessage }];
    const earlier = conditions.findIndex((other) => other.name === name);
    return earlier < i ? [{ path, message: `"${name}" is already the name of condition ${earlier}` }] : [];
  });
}

/** On a cluster whose bindings are not read it would deny every request, which nobody means who names a role. */
function unreadableErrors(selector: Selector, clusters: readonly ConfiguredCluster[]): readonly DocumentError[] {
  return clusters
    .filter(({ name, readsRoleBindings }) => !readsRoleBindings && (selector.clusters?.matches(name) ?? true))
    .map(({ name }) => ({
      path: '/spec/resolvesTo',
      message: `cluster "${name}", which the selector matches, is configured without reading its role bindings`,
    }));
}
