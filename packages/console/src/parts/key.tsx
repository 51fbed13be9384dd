import { keysAreOn } from './use-keys.js';

/** The key that does the same as the button it stands in; nothing where single keys are off. Not a part of its name. */
export const Key = ({ name }: { readonly name: string }) => (keysAreOn() ? <kbd aria-hidden="true">{name}</kbd> : null);
