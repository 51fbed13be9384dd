import { signal } from '@preact/signals';
import { api, answerOf, type Schemas } from './client.js';
import { ProblemError } from './problem.js';
import { sessionEnded } from './session-end.js';

export type Caller = Schemas['Whoami'];
export type Permission = Caller['permissions'][number];

/** The person who is signed in. Undefined while that is not known, null: nobody. */
export const caller = signal<Caller | null | undefined>(undefined);
/** Counts how often the session was replaced by a new one of the same person: whatever is shown is read anew. */
export const renewals = signal(0);

/** Tabs of this browser tell each other that somebody signed in or out. It carries nothing else. */
const tabs = new BroadcastChannel('kubepass-session');
type Told = 'signed-in' | 'signed-out';
const tell = (told: Told): void => tabs.postMessage(told);

export const may = (permission: Permission): boolean => caller.value?.permissions.includes(permission) ?? false;

/** Whether a request or certificate is the caller's: they asked for it, or may collect its key. */
export const isOwn = ({ requester, collector }: Pick<Schemas['Certificate'], 'requester' | 'collector'>): boolean =>
  [requester, collector].includes(caller.value?.name ?? '');

/** Asks who is signed in, when a document was opened; throws `ProblemError` where the service does not answer. */
export async function learnCaller(): Promise<void> {
  try {
    caller.value = await answerOf(api.GET('/v1/whoami'));
    // An identity provider may just have led here.
    tell('signed-in');
  } catch (error) {
    if (!(error instanceof ProblemError) || error.problem.status !== 401) throw error;
    caller.value = null;
    sessionEnded.value = false;
  }
}

/** Begins a session by an API token; throws `ProblemError`. */
export async function signInByToken(token: string): Promise<void> {
  try {
    await answerOf(api.POST('/v1/sessions', { headers: { authorization: `Bearer ${token}` } }));
  } finally {
    // A token that is refused ends no session.
    sessionEnded.value = false;
  }
  await learnCaller();
}

/** Ends the session of this browser, in all its tabs; throws `ProblemError`. */
export async function signOut(): Promise<void> {
  try {
    await answerOf(api.DELETE('/v1/sessions/{id}', { params: { path: { id: 'current' } } }));
  } catch (error) {
    if (!(error instanceof ProblemError) || error.problem.status !== 401) throw error;
  }
  tell('signed-out');
  caller.value = null;
  sessionEnded.value = false;
}

/** The person of a session. The same name may come by a token that somebody made, and is another one then. */
const personOf = ({ name, createdBy }: Caller): string => JSON.stringify([name, createdBy]);

/**
 * Looks who is signed in by now. Another person has other rights, and must not send what the one before has typed, so
 * the document begins anew. The same person goes on where the page is.
 */
async function lookAgain(): Promise<void> {
  const before = caller.value;
  if (before === undefined) return;
  const found = await answerOf(api.GET('/v1/whoami')).catch(() => null);
  if (before === null) sessionEnded.value = false;
  // A session that ended has been said, and that the service does not answer will be.
  if (found === null) return;
  if (before && personOf(found) !== personOf(before)) {
    location.reload();
    return;
  }
  if (JSON.stringify(found) !== JSON.stringify(before)) caller.value = found;
  if (!sessionEnded.value) return;
  sessionEnded.value = false;
  renewals.value += 1;
}

tabs.onmessage = ({ data }: MessageEvent<Told>) => {
  if (data === 'signed-in') void lookAgain();
  else if (caller.value) sessionEnded.value = true;
};
// Swagger UI signs people in and out, too, and tells nobody.
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'visible') void lookAgain();
});
