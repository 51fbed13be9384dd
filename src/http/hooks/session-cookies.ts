import { parseCookie, stringifySetCookie } from 'cookie';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { loginSeconds } from '../../model/session.js';

/**
 * RFC 6265bis section 4.1.3.2: a browser takes and sends a cookie of such a name over TLS alone, and only for the host
 * that set it. So neither a neighbour in the domain nor somebody on the way can put one there.
 */
export const sessionCookie = '__Host-kubepass-session';
/** A page may read it, to know whether it is worth asking who is signed in. It opens nothing. */
export const signedInCookie = '__Host-kubepass-signed-in';
/** A sign-in that was begun. */
export const loginCookie = '__Host-kubepass-login';

const attributes = { path: '/', secure: true, sameSite: 'lax' } as const;

/** The value of a cookie; undefined where the browser sends none. */
export const cookieOf = ({ headers: { cookie } }: FastifyRequest, name: string): string | undefined =>
  cookie === undefined ? undefined : parseCookie(cookie)[name];

/** Gives the browser its session. It ends with the browser's own, if not before. */
export function setSessionCookies(reply: FastifyReply, secret: string): void {
  setCookie(reply, sessionCookie, secret, { httpOnly: true });
  setCookie(reply, signedInCookie, '1');
}

export function clearSessionCookies(reply: FastifyReply): void {
  setCookie(reply, sessionCookie, '', { httpOnly: true, maxAge: 0 });
  setCookie(reply, signedInCookie, '', { maxAge: 0 });
}

/** A sign-in that was begun; empty: it has ended. */
export function setLoginCookie(reply: FastifyReply, value: string): void {
  setCookie(reply, loginCookie, value, { httpOnly: true, maxAge: value === '' ? 0 : loginSeconds });
}

/** Fastify sends a line for each. */
function setCookie(reply: FastifyReply, name: string, value: string, more: { httpOnly?: true; maxAge?: number } = {}) {
  reply.header('set-cookie', stringifySetCookie({ ...attributes, name, value, ...more }));
}
