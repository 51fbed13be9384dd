import { effect, signal, untracked } from '@preact/signals';
import { api, answerOf, type Schemas } from './client.js';
import { ProblemError } from './problem.js';
import { caller } from './session.js';
import { sessionEnded } from './session-end.js';

export type Kind = Schemas['Changes']['changed'][number];

/** Whether this page follows changes: `idle` after ten minutes without a key or pointer, `lost` without answers. */
export const following = signal<'live' | 'idle' | 'lost'>('live');

const waitSeconds = 25;
const idleMilliseconds = 10 * 60_000;

interface Follower {
  readonly kinds: readonly Kind[];
  readonly read: () => void;
}
const followers = new Set<Follower>();

let cursor: Promise<string> | null = null;
let lastUse = Date.now();
let waiting: AbortController | null = null;

/**
 * Resolves once there is a cursor. A read after that misses nothing: the first wait tells of each change that happens
 * meanwhile.
 */
export async function cursorTaken(): Promise<void> {
  // Reads go on without it: the wait tries again.
  await takeCursor().catch(() => undefined);
}

function takeCursor(): Promise<string> {
  cursor ??= answerOf(api.GET('/v1/changes')).then(
    (answer) => answer.cursor,
    (error: unknown) => {
      cursor = null;
      throw error;
    },
  );
  return cursor;
}

/** Calls `read` whenever one of these kinds has changed. Returns how to stop. */
export function follow(kinds: readonly Kind[], read: () => void): () => void {
  const follower = { kinds, read };
  followers.add(follower);
  wake();
  return () => void followers.delete(follower);
}

/** Reads all that is shown anew, and goes on following. */
export function goOn(): void {
  lastUse = Date.now();
  if (following.value === 'live') return;
  following.value = 'live';
  for (const { read } of [...followers]) read();
  wake();
}

function wake(): void {
  if (waiting === null && mayWait()) void waitForChanges((waiting = new AbortController()));
}

function stopWaiting(): void {
  waiting?.abort();
  waiting = null;
}

const mayWait = (): boolean =>
  followers.size > 0 &&
  document.visibilityState === 'visible' &&
  Boolean(caller.value) &&
  !sessionEnded.value &&
  following.value !== 'idle';

const pause = (seconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1000 * seconds));

/** Waits again and again, until it is stopped or nothing is followed. */
async function waitForChanges(own: AbortController): Promise<void> {
  let failures = 0;
  while (!own.signal.aborted && mayWait()) {
    const began = Date.now();
    try {
      const changed = await nextChanges(own.signal);
      failures = 0;
      if (following.value === 'lost') goOn();
      else for (const { kinds, read } of [...followers]) if (kinds.some((kind) => changed.includes(kind))) read();
      // Other windows of this session wait, too, and the service has ended this call for one of them.
      if (changed.length === 0 && Date.now() - began < 1000) await pause(5);
    } catch (error) {
      if (!(error instanceof ProblemError)) break;
      if (error.problem.status >= 500) following.value = 'lost';
      await pause(error.retryAfterSeconds ?? Math.min(30, 2 ** failures));
      failures += 1;
    }
  }
  if (waiting === own) waiting = null;
}

async function nextChanges(stop: AbortSignal): Promise<readonly Kind[]> {
  const after = await takeCursor();
  const answer = await answerOf(
    api.GET('/v1/changes', {
      // A page that says that nothing answers wants an answer soon.
      params: { query: { after }, header: { Prefer: `wait=${following.value === 'lost' ? 1 : waitSeconds}` } },
      signal: stop,
    }),
  );
  cursor = Promise.resolve(answer.cursor);
  return answer.changed;
}

function used(): void {
  if (following.value === 'idle') goOn();
  else lastUse = Date.now();
}

for (const use of ['keydown', 'pointerdown', 'pointermove', 'wheel', 'click'] as const)
  addEventListener(use, used, { passive: true });
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'visible') {
    used();
    wake();
  } else stopWaiting();
});
setInterval(() => {
  if (following.value === 'idle' || Date.now() - lastUse < idleMilliseconds) return;
  following.value = 'idle';
  stopWaiting();
}, 5_000);

effect(() => {
  if (sessionEnded.value || !caller.value) stopWaiting();
  else untracked(wake);
});
