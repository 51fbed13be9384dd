import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { uploadLimits } from '../model/budget.js';

/** A run that reads less than this ends before its memory grows. */
const fewOctets = uploadLimits.uploadOctets / 4;
/** What is read between two collections. */
const octetsBetween = 8 * uploadLimits.uploadOctets;

/**
 * Keeps the memory of a run small that reads much. It is called with the octets that are read next. V8 would keep
 * hundreds of MiB of garbage, within its heap and outside. Node has no public function for a collection, so V8 gets the
 * option that makes one.
 */
export function memorySparing(): (octets: number) => void {
  let all = 0;
  let left = octetsBetween;
  return (octets) => {
    if (all <= fewOctets && all + octets > fewOctets)
      for (const flag of ['--semi-space-growth-factor=1', '--heap-growing-percent=25']) setFlagsFromString(flag);
    all += octets;
    left -= octets;
    if (left > 0) return;
    setFlagsFromString('--expose-gc');
    (runInNewContext('gc') as () => void)();
    setFlagsFromString('--no-expose-gc');
    left = octetsBetween;
  };
}
