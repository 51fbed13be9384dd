import type { ApprovalStage, PrincipalSelector } from '../model/decision.js';
import { isDnsLabel, whyNotName } from '../model/name-grammar.js';
import { compileExpression, type Expression } from './cel/compile-expression.js';
import { parseInstant } from './cel/literals.js';
import type { DocumentError } from './check-shape.js';
import {
  choiceOf,
  compileGlobs,
  globVariables,
  unknownVariables,
  type Globs,
  type Selector,
  globsOrAny,
  compileSelector,
  type WrittenSelector,
} from './selector.js';
import { compileHours } from './hours.js';
import type { GuardrailDocument, PolicyDocument } from './policy-schema.js';
import type { ConfiguredCluster, Constraints, Guardrail, Policy, PolicyRenewal, Validation } from './policy-set.js';
import { compileReasonPattern } from './cel/compile-pattern.js';

type PolicySpec = PolicyDocument['spec'];
type GuardrailSpec = GuardrailDocument['spec'];

/** Compiles a policy of valid shape. Reports every error that its schema cannot detect. */
export function compilePolicy({ metadata: { name }, spec }: Pick<PolicyDocument, 'metadata' | 'spec'>) {
  const parts = new PartCompiler();
  const { allowed, constraints = {}, quota = {}, kubeconfig = {} } = spec;
  parts.checkName('/metadata/name', name);
  const policy: Policy = {
    name,
    selector: parts.selector(spec.selector),
    allowed: {
      usernames: parts.globs('/spec/allowed/usernames', allowed.usernames),
      groups: parts.globs('/spec/allowed/groups', allowed.groups),
      collectors: parts.globs('/spec/allowed/collectors', allowed.collectors),
      groupsFromDirectory: parts.globsByName('/spec/allowed/groupsFromDirectory', allowed.groupsFromDirectory),
    },
    constraints: compileConstraints(parts, constraints),
    validations: compileValidations(parts, spec.validations ?? []),
    quota,
    approval: compileApproval(parts, spec.approval),
    renewal: compileRenewal(parts, spec.renewal ?? {}),
    kubeconfig: { namespace: kubeconfig.namespace ?? null, contextName: kubeconfig.contextName ?? null },
  };
  if (kubeconfig.namespace !== undefined) parts.checkName('/spec/kubeconfig/namespace', kubeconfig.namespace);
  const whyNot = kubeconfig.contextName === undefined ? null : whyNotName(kubeconfig.contextName, 'ascii');
  if (whyNot !== null) parts.refuse('/spec/kubeconfig/contextName', whyNot);
  return { policy, errors: parts.errors };
}

/** Compiles a guardrail of valid shape. Reports every error that its schema cannot detect. */
export function compileGuardrail(
  { metadata: { name }, spec }: Pick<GuardrailDocument, 'metadata' | 'spec'>,
  clusters: readonly ConfiguredCluster[],
): { readonly guardrail: Guardrail; readonly errors: readonly DocumentError[] } {
  const parts = new PartCompiler();
  const { resolvesTo = null, approval, message } = spec;
  parts.checkName('/metadata/name', name);
  const guardrail: Guardrail = {
    name,
    selector: parts.selector(spec.selector),
    match: compileMatch(parts, spec.match),
    matchConditions: compileConditions(parts, spec.matchConditions ?? []),
    resolvesTo,
    approval: approval ? { stages: parts.stages(approval.stages) } : null,
    message,
  };
  if (resolvesTo) checkReadable(parts, guardrail.selector, clusters);
  return { guardrail, errors: parts.errors };
}

function compileConstraints(parts: PartCompiler, written: NonNullable<PolicySpec['constraints']>): Constraints {
  const path = '/spec/constraints';
  const { keyAlgorithms, reason, hours, notBefore, notAfter, ...plain } = written;
  const { minExpirationSeconds: min = 0, maxExpirationSeconds: max = Infinity } = plain;
  const patternOf = (text: string) =>
    compileReasonPattern(text, (message) => parts.refuse(`${path}/reason/pattern`, message));
  const compiled = hours && compileHours(hours, (field, message) => parts.refuse(`${path}/hours/${field}`, message));
  const constraints: Constraints = {
    ...plain,
    keyAlgorithms: keyAlgorithms && choiceOf(keyAlgorithms),
    reason: reason && { pattern: reason.pattern === undefined ? null : patternOf(reason.pattern) },
    hours: compiled ?? undefined,
    notBefore: parts.instant(`${path}/notBefore`, notBefore),
    notAfter: parts.instant(`${path}/notAfter`, notAfter),
  };
  if (min > max) parts.refuse(`${path}/minExpirationSeconds`, 'is more than maxExpirationSeconds');
  if (constraints.notBefore && constraints.notAfter && constraints.notBefore > constraints.notAfter)
    parts.refuse(`${path}/notAfter`, 'is before notBefore, so the policy would never apply');
  return constraints;
}

function compileValidations(
  parts: PartCompiler,
  written: NonNullable<PolicySpec['validations']>,
): readonly Validation[] {
  return written.map(({ expression, message, messageExpression }, i) => {
    const path = `/spec/validations/${i}`;
    return {
      expression: parts.expression(`${path}/expression`, expression, 'bool'),
      message: message ?? null,
      messageExpression:
        messageExpression === undefined
          ? null
          : parts.expression(`${path}/messageExpression`, messageExpression, 'string'),
    };
  });
}

function compileApproval(
  parts: PartCompiler,
  { mode, stages, expiresAfterSeconds }: PolicySpec['approval'],
): Policy['approval'] {
  if (mode === 'manual')
    // Manual approval without stages means one approval.
    return { mode, stages: parts.stages(stages ?? [{}]), expiresAfterSeconds };
  if (stages !== undefined) parts.refuse('/spec/approval/stages', 'automatic approval has no stages');
  if (expiresAfterSeconds !== undefined)
    parts.refuse('/spec/approval/expiresAfterSeconds', 'automatic approval does not wait');
  return { mode };
}

/** Without `approval: auto` a renewal needs approval as any request. */
function compileRenewal(
  parts: PartCompiler,
  { approval = 'same', withinSeconds, afterExpirySeconds = 0 }: NonNullable<PolicySpec['renewal']>,
): PolicyRenewal {
  const path = '/spec/renewal/withinSeconds';
  if (approval === 'auto' && withinSeconds === undefined)
    parts.refuse(path, 'is missing: it says how long an approval lasts');
  if (approval === 'same' && withinSeconds !== undefined) parts.refuse(path, 'needs `approval: auto`');
  return { withinSeconds: withinSeconds ?? null, afterExpirySeconds };
}

/** A guardrail without `match` applies to every request that is selected. An empty `match` would never apply. */
function compileMatch(parts: PartCompiler, match: GuardrailSpec['match']): Guardrail['match'] {
  if (match === undefined) return null;
  const { usernames = [], groups = [] } = match;
  if (usernames.length + groups.length === 0)
    parts.refuse('/spec/match', 'matches nothing: name usernames or groups, or leave it out');
  return {
    usernames: parts.globs('/spec/match/usernames', match.usernames),
    groups: parts.globs('/spec/match/groups', match.groups),
  };
}

function compileConditions(
  parts: PartCompiler,
  written: NonNullable<GuardrailSpec['matchConditions']>,
): Guardrail['matchConditions'] {
  return written.map(({ name, expression }, i) => {
    const path = `/spec/matchConditions/${i}`;
    const earlier = written.findIndex((other) => other.name === name);
    if (parts.checkName(`${path}/name`, name) && earlier < i)
      parts.refuse(`${path}/name`, `"${name}" is already the name of condition ${earlier}`);
    return { name, expression: parts.expression(`${path}/expression`, expression, 'bool') };
  });
}

/** If kubepass does not read the role bindings of a cluster, `resolvesTo` would deny every request there. */
function checkReadable(parts: PartCompiler, selector: Selector, clusters: readonly ConfiguredCluster[]): void {
  for (const { name, readsRoleBindings } of clusters)
    if (!readsRoleBindings && (selector.clusters?.matches(name) ?? true))
      parts.refuse(
        '/spec/resolvesTo',
        `cluster "${name}", which the selector matches, is configured without reading its role bindings`,
      );
}

/**
 * Compiles the parts of one document and collects their errors. A document with an error is refused as a whole, so the
 * result of a part with an error is never used.
 */
class PartCompiler {
  readonly errors: DocumentError[] = [];

  refuse(path: string, message: string): void {
    this.errors.push({ path, message });
  }

  checkName(path: string, name: string): boolean {
    const valid = isDnsLabel(name);
    if (!valid) this.refuse(path, 'must be a DNS label: a-z, 0-9 and inner -, at most 63 characters');
    return valid;
  }

  selector(written: WrittenSelector): Selector {
    this.checkPlainGlobs('/spec/selector/clusters', written.clusters);
    for (const [key, globs] of Object.entries(written.labels ?? {})) {
      this.checkName(`/spec/selector/labels/${key}`, key);
      this.checkPlainGlobs(`/spec/selector/labels/${key}`, globs);
    }
    this.checkPrincipals('/spec/selector/requesters', written.requesters);
    return compileSelector(written);
  }

  /** A list of globs that may contain variables. */
  globs(path: string, written: readonly string[] | undefined): Globs | undefined {
    const known = globVariables.map((name) => `\${${name}}`).join(', ');
    this.checkVariables(path, written, globVariables, `is not a variable; the only one is ${known}`);
    return globsOrAny(written);
  }

  /** Lists of globs without variables, by names that are taken as they are. */
  globsByName(path: string, written: Readonly<Record<string, readonly string[]>> | undefined) {
    if (written === undefined) return undefined;
    const entries = Object.entries(written);
    for (const [name, globs] of entries) this.checkPlainGlobs(`${path}/${name}`, globs);
    return new Map(entries.map(([name, globs]) => [name, compileGlobs(globs)]));
  }

  /** Stages of approval. Each needs one approval unless it says how many. */
  stages(written: readonly Partial<ApprovalStage>[]): readonly ApprovalStage[] {
    const path = '/spec/approval/stages';
    if (written.length === 0) this.refuse(path, 'must have a stage');
    for (const [i, { approvers }] of written.entries()) this.checkPrincipals(`${path}/${i}/approvers`, approvers);
    // A map that was read from YAML has no prototype, and would differ from the same one of a record.
    return written.map(({ count = 1, approvers }) => ({ count, ...(approvers && { approvers: { ...approvers } }) }));
  }

  expression(path: string, text: string, type: 'bool' | 'string'): Expression {
    const compiled = compileExpression(text, type);
    if (compiled.ok) return compiled.expression;
    for (const message of compiled.errors) this.refuse(path, message);
    const evaluate = () => {
      throw new Error('the expression did not compile');
    };
    return { text, reads: new Set(), evaluate };
  }

  instant(path: string, text: string | undefined): Date | undefined {
    const parsed = text === undefined ? undefined : parseInstant(text);
    if (parsed === null) this.refuse(path, 'must be an RFC 3339 instant, such as 2026-01-31T09:00:00Z');
    return parsed ?? undefined;
  }

  private checkPrincipals(path: string, selector: PrincipalSelector | undefined): void {
    this.checkPlainGlobs(`${path}/names`, selector?.names);
    this.checkPlainGlobs(`${path}/groups`, selector?.groups);
  }

  private checkPlainGlobs(path: string, globs: readonly string[] | undefined): void {
    this.checkVariables(path, globs, [], 'is a variable, which is not allowed here');
  }

  private checkVariables(
    path: string,
    globs: readonly string[] | undefined,
    known: readonly string[],
    message: string,
  ): void {
    for (const [i, glob] of (globs ?? []).entries())
      for (const written of unknownVariables(glob, known)) this.refuse(`${path}/${i}`, `"${written}" ${message}`);
  }
}
