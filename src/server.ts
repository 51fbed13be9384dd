import type { HangUps } from './serve.js';

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

const hangUps = listenForHangUps();
const { serve } = await import('./serve.js');
await serve(hangUps);
