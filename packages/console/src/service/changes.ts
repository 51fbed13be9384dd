import { effect, signal } from '@preact/signals';
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
  cursor ??= answerOf(api.GET('/v1/changes')).then((answer) => answer.cursor);
  // Reads go on without it: the wait tries again.
  await cursor.catch(() => (cursor = null));
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
  if (waiting === null && mayWait()) void waitForChanges();
}

const mayWait = (): boolean =>
  followers.size > 0 && document.visibilityState === 'visible' && !sessionEnded.value && following.value !== 'idle';

async function waitForChanges(): Promise<void> {
  waiting = new AbortController();
  const { signal: stop } = waiting;
  let pause = 1;
  while (mayWait() && !stop.aborted) {
    if (Date.now() - lastUse > idleMilliseconds) {
      following.value = 'idle';
      break;
    }
    try {
      const changed = await nextChanges(stop);
      pause = 1;
      if (following.value === 'lost') goOn();
      else for (const { kinds, read } of [...followers]) if (kinds.some((kind) => changed.includes(kind))) read();
    } catch (error) {
      if (stop.aborted || !(error instanceof ProblemError)) break;
      if (error.problem.status === 401) break;
      if (error.problem.status >= 500) following.value = 'lost';
      await new Promise((resolve) => setTimeout(resolve, 1000 * (error.retryAfterSeconds ?? pause)));
      pause = Math.min(30, pause * 2);
    }
  }
  waiting = null;
}

async function nextChanges(stop: AbortSignal): Promise<readonly Kind[]> {
  await cursorTaken();
  const after = (await cursor) ?? '';
  const answer = await answerOf(
    api.GET('/v1/changes', {
      params: { query: { after }, header: { Prefer: `wait=${waitSeconds}` } },
      signal: stop,
    }),
  );
  cursor = Promise.resolve(answer.cursor);
  return answer.changed;
}

document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'visible') wake();
  else stopWaiting();
});
for (const use of ['keydown', 'pointerdown', 'pointermove'] as const)
  addEventListener(use, () => (following.value === 'idle' ? goOn() : (lastUse = Date.now())), { passive: true });

function stopWaiting(): void {
  waiting?.abort();
  waiting = null;
}

// A new session, or another person: what was known of changes belongs to the one before.
effect(() => {
  if (sessionEnded.value || !caller.value) stopWaiting();
  else wake();
});
