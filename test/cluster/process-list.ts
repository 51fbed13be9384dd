import { readdirSync, readFileSync } from 'node:fs';

/** Looks again and again at what every process of this machine was started with: its arguments, and its environment. */
export class ProcessListWatch {
  readonly #seen = new Set<string>();
  readonly #timer: NodeJS.Timeout;

  constructor() {
    this.#timer = setInterval(() => {
      this.#look();
    }, 15);
  }

  /** Everything that was seen. */
  stop(): Buffer {
    clearInterval(this.#timer);
    return Buffer.from([...this.#seen].join('\n'));
  }

  #look(): void {
    for (const id of readdirSync('/proc'))
      if (/^\d+$/.test(id))
        for (const file of ['cmdline', 'environ'])
          try {
            this.#seen.add(readFileSync(`/proc/${id}/${file}`, 'latin1'));
          } catch {
            // It has ended meanwhile, or is somebody else's.
          }
  }
}
