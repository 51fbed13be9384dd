import { type Budget, UploadRefusedError } from '../decoded.js';
import { limits } from './limits.js';

/** What one upload may cost, all of it still there. */
export function openBudget(): Budget {
  let octets: number = limits.unwrappedOctets;
  let objects: number = limits.objects;
  let iterations: number = limits.derivationIterations;
  let signatures: number = limits.signatures;
  return {
    spendOctets(spent) {
      octets -= spent;
      if (octets < 0)
        throw new UploadRefusedError(
          'TooLarge',
          `the upload holds more than ${limits.unwrappedOctets} octets once it is decoded`,
        );
    },
    spendObject() {
      objects -= 1;
      if (objects < 0)
        throw new UploadRefusedError('TooManyObjects', `the upload holds more than ${limits.objects} objects`);
    },
    mayDerive(wanted) {
      if (!(wanted >= 0 && wanted <= iterations)) return false; // NaN is not affordable either
      iterations -= wanted;
      return true;
    },
    mayVerify() {
      signatures -= 1;
      return signatures >= 0;
    },
  };
}
