/** `program`: the file in `dist/`. `script`: the name for `npm run`. `verb`: the new command. */
export const formerCommands: readonly {
  readonly program?: string;
  readonly script?: string;
  readonly verb: string;
}[];
