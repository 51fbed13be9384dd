import { parsePolicySet, type PolicyTexts } from './parse-policy-set.js';
import { runPolicyTest } from './policy-test.js';
import { readDocuments, type RuleDocument } from './read-documents.js';

/** What is said of a directory of policies. */
export interface PolicyReport {
  /** Whether they load and every test passes. */
  readonly ok: boolean;
  readonly text: string;
}

/** Loads the policies and runs the tests that stand beside them, each against the whole set. */
export function checkPolicies(texts: PolicyTexts): PolicyReport {
  const parsed = parsePolicySet(texts);
  if (!parsed.ok) return refused(parsed.errors);
  const { policySet } = parsed;

  const lines: string[] = [];
  let tests = 0;
  let failed = 0;
  for (const { place, document } of readDocuments(texts)) {
    const { kind, metadata, tests: own = [] } = (document as { readonly value: RuleDocument }).value;
    lines.push(`${place} ${kind} ${metadata.name}${own.length === 0 ? ': no tests' : ''}`);
    for (const test of own) {
      const departures = runPolicyTest(test, policySet);
      tests += 1;
      if (departures.length > 0) failed += 1;
      lines.push(`  ${departures.length === 0 ? 'passed' : 'FAILED'}: ${test.name}`);
      lines.push(...departures.map((departure) => `    ${departure}`));
    }
  }
  const { policies, guardrails } = policySet;
  const rules = `${policies.length} of kind Policy, ${guardrails.length} of kind Guardrail`;
  lines.push('', `${rules}; tests: ${tests - failed} passed, ${failed} failed`);
  return { ok: failed === 0, text: lines.join('\n') };
}

/** The same for policies that do not load. */
export function refused(errors: readonly string[]): PolicyReport {
  const count = errors.length === 1 ? '1 error' : `${errors.length} errors`;
  return { ok: false, text: [...errors, '', `${count}: these policies would not be loaded`].join('\n') };
}
