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

/** Tabs of this browser tell each other who signed in, and that somebody signed out. It carries nothing secret. */
const tabs = new BroadcastChannel('kubepass-session');

export const may = (permission: Permission): boolean => caller.value?.permissions.includes(permission) ?? false;

/** Asks who is signed in; throws `ProblemError` where the service does not answer. */
export async function learnCaller(): Promise<void> {
  try {
    const found = await answerOf(api.GET('/v1/whoami'));
    caller.value = found;
    tabs.postMessage({ signedIn: found.name });
  } catch (error) {
    if (!(error instanceof ProblemError) || error.problem.status !== 401) throw error;
    caller.value = null;
    sessionEnded.value = false;
  }
}

/** Begins a session by an API token; throws `ProblemError`. */
export async function signInByToken(token: string): Promise<void> {
  await answerOf(api.POST('/v1/sessions', { headers: { authorization: `Bearer ${token}` } }));
  sessionEnded.value = false;
  await learnCaller();
}

/** Ends the session of this browser, in all its tabs; throws `ProblemError`. */
export async function signOut(): Promise<void> {
  await answerOf(api.DELETE('/v1/sessions/{id}', { params: { path: { id: 'current' } } }));
  tabs.postMessage({ signedOut: true });
  caller.value = null;
}

tabs.onmessage = ({ data }: MessageEvent<{ readonly signedIn?: string; readonly signedOut?: boolean }>) => {
  if (data.signedOut) sessionEnded.value = caller.value !== null;
  if (data.signedIn === undefined) return;
  // Another person has other rights, and must not send what the one before has typed.
  if (caller.value && caller.value.name !== data.signedIn) {
    location.reload();
    return;
  }
  if (!sessionEnded.value) return;
  sessionEnded.value = false;
  renewals.value += 1;
};
