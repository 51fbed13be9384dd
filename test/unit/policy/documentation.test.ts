// Tests src/policy/policy-schema.ts, docs/policies.md
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { escalationKinds } from '../../../src/model/blast-radius.js';
import { checkPolicies } from '../../../src/policy/check-policies.js';
import { GuardrailDocument, PolicyDocument } from '../../../src/policy/policy-schema.js';

const text = readFileSync(new URL('../../../docs/policies.md', import.meta.url), 'utf8');

describe('docs/policies.md', () => {
  const examples = [...text.matchAll(/^```yaml\n([^]*?)^```$/gm)].map(([, yaml = '']) => yaml);

  it('has examples that load and decide as they say', () => {
    expect(examples).toHaveLength(3);
    const texts = examples.map((yaml, i) => ({ path: `example-${i + 1}.yaml`, text: yaml }));
    // The last guardrail would raise what the example before it expects; each is a set of its own.
    for (const one of texts) {
      const report = checkPolicies([one]);
      expect(report.text).not.toContain('would not be loaded');
      expect(report.text).not.toContain('FAILED');
    }
  });

  it('names every field of the language, and everything that can be resolved to', () => {
    const { selector: _, ...spec } = PolicyDocument.properties.spec.properties;
    const fields = Object.keys({
      ...spec,
      ...spec.allowed.properties,
      ...spec.constraints.properties,
      ...spec.quota.properties,
      ...spec.kubeconfig.properties,
      ...spec.approval.properties,
      ...GuardrailDocument.properties.spec.properties,
    });
    for (const word of [...fields, ...escalationKinds]) expect(text).toContain(word);
  });
});
