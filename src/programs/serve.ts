import { setFlagsFromString } from 'node:v8';
import type { HangUps } from './run-service.js';

/** `kubepass serve`. */
export async function run(args: readonly string[]): Promise<void> {
  // V8 collects the whole heap when it has grown by so many percent. Its own choice is a tenth where collections take
  // little of all time: under load one every 1.5 s, of 50 ms in which everybody waits on two cores.
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
