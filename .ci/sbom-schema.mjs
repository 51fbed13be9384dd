// Compares an SBOM with the JSON schema of CycloneDX 1.6, which the library of that project carries.
import { readFileSync } from 'node:fs';
import AjvCompiler from '@fastify/ajv-compiler';

/** The package exports its code alone. */
const schemas = new URL('../node_modules/@cyclonedx/cyclonedx-library/res/schema/', import.meta.url);
const read = (name) => JSON.parse(readFileSync(new URL(name, schemas), 'utf8'));
/** The schema leads to these by their names, and they have other identifiers. */
const others = ['spdx', 'jsf-0.82', 'cryptography-defs'].map((name) => `${name}.SNAPSHOT.schema.json`);
const options = {
  // It has words that are no keywords of JSON schema, and two formats that the validator does not know.
  strict: false,
  formats: { 'iri-reference': true, 'idn-email': true },
  allErrors: true,
  // The document stays as it is.
  removeAdditional: false,
  coerceTypes: false,
  useDefaults: false,
};

let validate;

/** All that the schema finds wrong with an SBOM, each with its place. */
export function sbomProblems(bill) {
  const identified = others.map((name) => ({ ...read(name), $id: `http://cyclonedx.org/schema/${name}` }));
  const named = Object.fromEntries(identified.map((schema) => [schema.$id, schema]));
  validate ??= AjvCompiler()(named, { customOptions: options })({ schema: read('bom-1.6.SNAPSHOT.schema.json') });
  return validate(bill) ? [] : validate.errors.map(({ instancePath, message }) => `${instancePath} ${message}`);
}
