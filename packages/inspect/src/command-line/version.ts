/** The version of this repository, which all packages and programs share. A test compares it with each package.json. */
export const version = '0.2.0';
