import { parseCookie, stringifySetCookie } from 'cookie';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { loginSeconds } from '../../model/session.js';

/**
 * RFC 6265bis section 4.1.3.2: a browser takes and sends a cookie of such a name over TLS alone, and only for the host that set
 * it. So neither a neighbour in the domain nor somebody on the way can put one there.
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
  setCookie(reply, { name: sessionCookie, value: secret, httpOnly: true });
  setCookie(reply, { name: signedInCookie, value: '1' });
}

export function clearSessionCookies(reply: FastifyReply): void {
  setCookie(reply, { name: sessionCookie, value: '', httpOnly: true, maxAge: 0 });
  setCookie(reply, { name: signedInCookie, value: '', maxAge: 0 });
}

export const setLoginCookie = (reply: FastifyReply, value: string): void => {
  setCookie(reply, { name: loginCookie, value, httpOnly: true, maxAge: loginSeconds });
};

export const clearLoginCookie = (reply: FastifyReply): void => {
  setCookie(reply, { name: loginCookie, value: '', httpOnly: true, maxAge: 0 });
};

interface CookieToSet {
  readonly name: string;
  readonly value: string;
  readonly httpOnly?: true;
  readonly maxAge?: number;
}

/** Fastify sends a line for each. */
const setCookie = (reply: FastifyReply, cookie: CookieToSet): void => {
  reply.header('set-cookie', stringifySetCookie({ ...attributes, ...cookie }));
};
