import { at, closed, type JsonSchema } from './json-schema.js';
import { anything, flag, labelNameOrEmpty, objectNameOrEmpty, text } from './kubernetes-shapes.js';

const noNamespace: JsonSchema = { properties: { subject: { properties: { namespace: { maxLength: 0 } } } } };

/** The schema of the values of the chart kubepass-access. */
export const accessValuesSchema: JsonSchema = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'Values of the chart kubepass-access',
  ...closed({
    global: anything,
    signing: flag,
    readRoleBindings: flag,
    reviewTokens: flag,
    revocationPolicy: flag,
    subject: closed({
      kind: { enum: ['ServiceAccount', 'User', 'Group'] },
      name: text,
      namespace: labelNameOrEmpty,
    }),
  }),
  allOf: [
    // The chart makes service accounts alone, and these in the namespace of the release.
    {
      if: at('subject.kind', { enum: ['User', 'Group'] }),
      then: { allOf: [at('subject.name', { minLength: 1 }), noNamespace] },
    },
    { if: { not: at('subject.name', { minLength: 1 }) }, then: noNamespace },
    {
      if: at('subject.kind', { const: 'ServiceAccount' }),
      then: { properties: { subject: { properties: { name: objectNameOrEmpty } } } },
    },
  ],
};
