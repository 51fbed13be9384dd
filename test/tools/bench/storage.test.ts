// Tests bench/peers/storage.ts
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { filesStorage, framesIn, sqliteStorage } from '../../../bench/peers/storage.js';
import { temporaryDirectory } from '../../helpers/temporary-directory.js';

const pageSize = 4096;

describe('storage', () => {
  let directory: ReturnType<typeof temporaryDirectory>;
  let file: string;
  let database: Database.Database;
  const insert = (rows: number, octets: number) => {
    const statement = database.prepare('INSERT INTO t VALUES (?)');
    database.transaction(() => {
      for (let i = 0; i < rows; i++) statement.run(Buffer.alloc(octets, 1));
    })();
  };

  beforeEach(() => {
    directory = temporaryDirectory();
    file = join(directory.path, 'a.db');
    database = new Database(file);
    database.pragma('journal_mode = WAL');
    database.exec('CREATE TABLE t (b BLOB)');
  });
  afterEach(() => {
    database.close();
    directory.remove();
  });

  it('counts the frames of a log and their octets, headers included', async () => {
    const grown = await sqliteStorage(file).measureLog!();
    insert(100, pageSize);
    const { octets, pages } = await grown();
    expect(pages).toBeGreaterThan(100);
    expect(pages).toBeLessThan(250);
    expect(octets).toBe(32 + pages! * (pageSize + 24));
  });

  it('counts nothing if nothing was written', async () => {
    const grown = await sqliteStorage(file).measureLog!();
    expect(await grown()).toEqual({ octets: 0, pages: 0 });
  });

  it('refuses a log that was written from its beginning meanwhile, because it no longer has all frames', async () => {
    const grown = await sqliteStorage(file).measureLog!();
    insert(100, pageSize);
    database.pragma('wal_checkpoint(PASSIVE)');
    insert(1, 10);
    await expect(grown()).rejects.toThrow('written from its beginning');
  });

  it('refuses a log that ends within a frame', () => {
    insert(1, 10);
    expect(() => framesIn(readFileSync(`${file}-wal`).subarray(0, -1))).toThrow('ends within a frame');
  });

  it('says how large the database is with the rows of its log', async () => {
    const storage = sqliteStorage(file);
    const before = await storage.keptOctets();
    insert(100, pageSize);
    expect((await storage.keptOctets()) - before).toBeGreaterThan(100 * pageSize);
  });

  it('refuses to say it while the log cannot be emptied', async () => {
    insert(1, 10);
    const reader = new Database(file);
    reader.exec('BEGIN; SELECT * FROM t');
    insert(1, 10);
    await expect(sqliteStorage(file, 10).keptOctets()).rejects.toThrow('cannot be emptied');
    reader.close();
  });

  it('takes the room that files have on the disk, in folders too', async () => {
    const folder = join(directory.path, 'folder', 'inner');
    mkdirSync(folder, { recursive: true });
    const storage = filesStorage(join(directory.path, 'folder'));
    const before = await storage.keptOctets();
    writeFileSync(join(folder, 'file'), Buffer.alloc(100_000, 1));
    expect((await storage.keptOctets()) - before).toBeGreaterThanOrEqual(100_000);
  });
});
