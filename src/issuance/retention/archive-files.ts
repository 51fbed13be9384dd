/** The directory of archives. Each method throws where the directory or the file cannot be used. */
export interface ArchiveFiles {
  /** Whether files can be made there. */
  check(): Promise<void>;
  /** The names of all files. */
  names(): Promise<readonly string[]>;
  /**
   * Writes lines to a new file, whole or not at all; it is on disk when this resolves. Answers false where the name is
   * taken, and leaves that file as it is.
   */
  write(name: string, lines: AsyncIterable<string>): Promise<boolean>;
  /** A file that another process has written is on disk when this resolves, and its name is. */
  sync(name: string): Promise<void>;
  /**
   * Hands out the lines of a file without their line feeds, and answers its SHA-256 in lower-case hex. Throws where
   * anything stands behind the last line feed.
   */
  read(name: string, take: (line: Buffer) => void): Promise<string>;
  /** Gives a file another name; does nothing where there is none. */
  setAside(name: string): Promise<void>;
}
