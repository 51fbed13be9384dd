/** How deep elements may stand within one another. The deepest of X.509 and PKCS#12 stand some fifteen deep. */
export const MAX_DEPTH = 100;

/** How many elements are looked at; a certificate list of 1 MiB has half as many. */
export const MAX_ELEMENTS = 300_000;
