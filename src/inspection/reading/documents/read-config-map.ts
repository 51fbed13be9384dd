import { FieldReader, type FieldProblem } from '../../../formats/yaml/field-reader.js';
import { Observations } from '../../observations.js';
import type { Reading } from '../reading.js';
import type { DocumentSource } from './document.js';
import { readBase64Field, readTextField } from './read-field.js';
import { reportShape, shown } from './report-shape.js';

/**
 * Reads a ConfigMap and the certificates and kubeconfigs in it: `ca.crt` of kube-root-ca.crt, `client-ca-file` of
 * extension-apiserver-authentication, `kubeconfig` of cluster-info, and any other value that holds such.
 */
export function readConfigMap(document: DocumentSource, reading: Reading): readonly string[] {
  const problems: FieldProblem[] = [];
  const configMap = FieldReader.of(document.content, [], problems);
  const metadata = configMap.object('metadata');
  const name = metadata.text('name');
  const namespace = metadata.text('namespace');
  const data = configMap.object('data');
  const binaryData = configMap.object('binaryData');

  const object = reading.open(document);
  const observations = new Observations();
  const owner = { path: object.path, depth: document.depth };
  for (const key of data.names()) {
    const text = data.text(key);
    const expected = key === 'ca.crt' ? 'credential' : 'perhaps';
    if (text !== null) readTextField(text, [...data.place, key], owner, expected, reading);
  }
  for (const key of binaryData.names()) {
    const base64 = binaryData.text(key);
    const place = [...binaryData.place, key];
    if (base64 !== null) readBase64Field(base64, place, owner, 'perhaps', observations.report, reading);
  }
  reportShape(problems, document.duplicates, observations.report);
  object.fill({
    content: {
      type: 'ConfigMap',
      name,
      namespace,
      keys: [...data.names(), ...binaryData.names()].map(shown),
    },
    material: null,
    observations: observations.toArray(),
  });
  return [object.path];
}
