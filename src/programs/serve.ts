import { setFlagsFromString } from 'node:v8';
import type { HangUps } from './run-service.js';

/** `kubepass serve`. */
export async function run(args: readonly string[]): Promise<void> {
  // Collect the whole heap when it has doubled. V8's default is +10 %: under load one collection each 1.5 s, and each
  // stopped every caller for 50 ms on two cores.
  setFlagsFromString('--heap-growing-percent=100');
  const hangUps = listenForHangUps();
  const service = await import('./run-service.js');
  await service.run(args, hangUps);
}

/** The listener must be there before anything else is loaded, because without one SIGHUP ends the process. */
function listenForHangUps(): HangUps {
  let hasCome = false;
  let listener = () => {
    hasCome = true;
  };
  process.on('SIGHUP', () => {
    listener();
  });
  return {
    follow(next) {
      listener = next;
      if (hasCome) next();
    },
  };
}
