import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** The answer that is being made or sent on this connection. Node has it under no public name. */
export function answerUnderWay(socket: Socket): ServerResponse | null {
  return (socket as { readonly _httpMessage?: ServerResponse | null })._httpMessage ?? null;
}
