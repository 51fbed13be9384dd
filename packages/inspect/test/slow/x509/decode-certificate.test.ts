// Tests packages/inspect/src/x509/decode-certificate.ts, packages/inspect/src/x509/describe-extension-values.ts
import { describe, expect, it } from 'vitest';

import { extensionOf, rawCertificate } from '../../x509/build.js';
import { readCertificate } from '../../x509/decoding.js';
import { cpuMilliseconds } from '../../../../../test/helpers/cpu-milliseconds.js';

const KEY_USAGE = '2.5.29.15';

describe('decodeCertificate', () => {
  describe('extensions', () => {
    it('bounds what is said of very many', () => {
      const extensions = Array.from({ length: 20_000 }, () => extensionOf(KEY_USAGE, Buffer.of(5, 0)));
      const start = cpuMilliseconds();
      const { content, observations, messages } = readCertificate(rawCertificate({ extensions }));
      expect(cpuMilliseconds() - start).toBeLessThan(2000);
      expect(content.extensions).toHaveLength(500);
      expect(observations.length).toBeLessThan(25);
      expect(messages('MalformedExtension').at(-1)).toMatch(/and 491 more like it$/);
    });
  });
});
