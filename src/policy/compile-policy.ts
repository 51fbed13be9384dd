import { isDnsLabel, whyNotName } from '../model/name-grammar.js';
import { choiceOf } from './choice.js';
import { compiledGlobs, compileSelector } from './compile-selector.js';
import { Compiler } from './compiler.js';
import { dnsLabelMessage, globErrors, nameErrors, selectorErrors, stageErrors } from './document-checks.js';
import type { PolicyDocument } from './policy-schema.js';
import type { Constraints, Policy, Validation } from './policy-set.js';
import type { DocumentError } from './shape-errors.js';

type Spec = PolicyDocument['spec'];

/** Reads a policy as written, and says everything that its schema cannot tell is wrong with it. */
export function compilePolicy({ metadata: { name }, spec }: Pick<PolicyDocument, 'metadata' | 'spec'>): {
  readonly policy: Policy;
  readonly errors: readonly DocumentError[];
} {
  const compiler = new Compiler();
  const { selector, allowed, quota = {}, kubeconfig = {} } = spec;
  const policy: Policy = {
    name,
    selector: compileSelector(selector),
    allowed: compiledGlobs({ usernames: allowed.usernames, groups: allowed.groups, collectors: allowed.collectors }),
    constraints: compileConstraints(compiler, spec.constraints ?? {}),
    validations: compileValidations(compiler, spec.validations ?? []),
    quota,
    approval: compileApproval(spec.approval),
    kubeconfig: { namespace: kubeconfig.namespace ?? null, contextName: kubeconfig.contextName ?? null },
  };
  const errors = [
    ...nameErrors(name),
    ...selectorErrors(selector),
    ...globErrors('/spec/allowed/usernames', allowed.usernames),
    ...globErrors('/spec/allowed/groups', allowed.groups),
    ...globErrors('/spec/allowed/collectors', allowed.collectors),
    ...compiler.errors,
    ...constraintErrors(spec.constraints ?? {}),
    ...approvalErrors(spec.approval),
    ...kubeconfigErrors(kubeconfig),
  ];
  return { policy, errors };
}

function compileConstraints(compiler: Compiler, written: NonNullable<Spec['constraints']>): Constraints {
  const path = '/spec/constraints';
  const { keyAlgorithms, reason, hours, notBefore, notAfter, ...plain } = written;
  return {
    ...plain,
    ...(keyAlgorithms && { keyAlgorithms: choiceOf(keyAlgorithms) }),
    ...(reason && { reason: { pattern: compiler.pattern(`${path}/reason/pattern`, reason.pattern) } }),
    ...compiler.hours(`${path}/hours`, hours),
    ...(notBefore !== undefined && { notBefore: compiler.instant(`${path}/notBefore`, notBefore) }),
    ...(notAfter !== undefined && { notAfter: compiler.instant(`${path}/notAfter`, notAfter) }),
  };
}

function compileValidations(compiler: Compiler, written: NonNullable<Spec['validations']>): readonly Validation[] {
  return written.map(({ expression, message, messageExpression }, i) => {
    const path = `/spec/validations/${i}`;
    return {
      expression: compiler.expression(`${path}/expression`, expression, 'bool'),
      message: message ?? null,
      messageExpression:
        messageExpression === undefined
          ? null
          : compiler.expression(`${path}/messageExpression`, messageExpression, 'string'),
    };
  });
}

function compileApproval({ mode, stages, expiresAfterSeconds }: Spec['approval']): Policy['approval'] {
  if (mode === 'auto') return { mode };
  return {
    mode,
    stages: (stages ?? [{}]).map((stage) => ({ count: 1, ...stage })),
    ...(expiresAfterSeconds !== undefined && { expiresAfterSeconds }),
  };
}

function constraintErrors(written: NonNullable<Spec['constraints']>): readonly DocumentError[] {
  const { minExpirationSeconds, maxExpirationSeconds, notBefore, notAfter } = written;
  const errors: DocumentError[] = [];
  if (minExpirationSeconds !== undefined && minExpirationSeconds > (maxExpirationSeconds ?? Infinity))
    errors.push({ path: '/spec/constraints/minExpirationSeconds', message: 'is more than maxExpirationSeconds' });
  if (notBefore !== undefined && notAfter !== undefined && new Date(notBefore) > new Date(notAfter))
    errors.push({ path: '/spec/constraints/notAfter', message: 'is before notBefore: it would never apply' });
  return errors;
}

function approvalErrors({ mode, stages, expiresAfterSeconds }: Spec['approval']): readonly DocumentError[] {
  const path = '/spec/approval';
  if (mode === 'manual') return stages === undefined ? [] : stageErrors(stages);
  return [
    ...(stages === undefined ? [] : [{ path: `${path}/stages`, message: 'automatic approval has no stages' }]),
    ...(expiresAfterSeconds === undefined
      ? []
      : [{ path: `${path}/expiresAfterSeconds`, message: 'automatic approval does not wait' }]),
  ];
}

function kubeconfigErrors({ namespace, contextName }: NonNullable<Spec['kubeconfig']>): readonly DocumentError[] {
  const errors: DocumentError[] = [];
  if (namespace !== undefined && !isDnsLabel(namespace))
    errors.push({ path: '/spec/kubeconfig/namespace', message: dnsLabelMessage });
  const whyNot = contextName === undefined ? null : whyNotName(contextName, 'ascii');
  if (whyNot !== null) errors.push({ path: '/spec/kubeconfig/contextName', message: whyNot });
  return errors;
}
