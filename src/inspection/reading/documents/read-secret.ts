import { FieldReader, type FieldProblem } from '../../../formats/yaml/field-reader.js';
import { Observations } from '../../observations.js';
import type { Reading } from '../reading.js';
import type { DocumentSource } from './document.js';
import { readBase64Field, readTextField } from './read-field.js';
import { reportShape, shown } from './report-shape.js';

/** By convention these hold PEM, whatever the type of the Secret. */
const pemKeys = new Set(['tls.crt', 'tls.key', 'ca.crt']);

/** Reads a Secret and the certificates, keys and kubeconfigs in it. Of its other values nothing is told. */
export function readSecret(document: DocumentSource, reading: Reading): readonly string[] {
  const problems: FieldProblem[] = [];
  const secret = FieldReader.of(document.content, [], problems);
  const metadata = secret.object('metadata');
  const name = metadata.text('name');
  const namespace = metadata.text('namespace');
  const secretType = secret.text('type');
  const data = secret.object('data');
  const stringData = secret.object('stringData');
  const keys = [...new Set([...data.names(), ...stringData.names()])];
  if (secretType === 'kubernetes.io/tls')
    for (const key of ['tls.crt', 'tls.key'])
      if (stringData.text(key) === null && data.text(key) === null) data.missing(key);

  const object = reading.open(document);
  const observations = new Observations();
  const owner = { path: object.path, depth: document.depth };
  for (const [fields, read] of [
    [data, readBase64Field],
    [stringData, readText],
  ] as const)
    for (const key of fields.names()) {
      const value = fields.text(key);
      if (value === null) continue;
      const expected = pemKeys.has(key) ? 'credential' : 'perhaps';
      read(value, [...fields.place, key], owner, expected, observations.report, reading);
    }
  reportShape(problems, document.duplicates, observations.report);
  object.fill({
    content: {
      type: 'Secret',
      name,
      namespace,
      secretType,
      keys: keys.map(shown),
    },
    material: null,
    observations: observations.toArray(),
  });
  return [object.path];
}

const readText: typeof readBase64Field = (text, place, owner, expected, _report, reading) =>
  readTextField(text, place, owner, expected, reading);
