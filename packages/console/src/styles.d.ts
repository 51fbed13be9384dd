/** esbuild takes styles along. */
declare module '*.css';
