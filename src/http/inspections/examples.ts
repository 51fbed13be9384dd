/** The result of an inspection, for the OpenAPI document: the members in which it differs from the schema's examples. */
export const inspection = {
  objects: [
    {
      path: 'pki/apiserver.crt',
      version: 3,
      secondsRemaining: 2_592_000,
      inventory: null,
      kubernetes: null,
      issuerUniqueId: null,
      subjectUniqueId: null,
    },
  ],
  relations: [{ type: 'SignedBy', from: 'pki/apiserver.crt', to: 'pki/ca.crt' }],
  findings: [{ object: 'pki/apiserver.crt' }],
};

export const text = 'Inspected 1 object: 1 certificate\n…\n';

export const page = '<!doctype html>\n<html lang="en">…</html>\n';
