import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { ClusterConnection } from '../../src/kubernetes/cluster-connection.js';
import { type CsrObject } from '../../src/kubernetes/csr-object.js';
import type { WatchTimes } from '../../src/kubernetes/object-watch.js';
import { csrFor } from '../../packages/x509/test/helpers/csr.js';
import {
  ConnectionBench,
  type ContractCluster,
  hasCondition,
  issued,
  newCsr,
  soon,
  uniqueName,
} from './cluster-under-contract.js';
import { quietMoment } from '../helpers/quiet-moment.js';

const isSigned = (csr: CsrObject | null): boolean => typeof csr?.certificate === 'string';
const isGone = (csr: CsrObject | null): boolean => csr === null;

/** The behaviour of a cluster's watch that its waiters rely on. */
export function csrWatchContract(name: string, open: () => Promise<ContractCluster>): void {
  describe(`a watch on CSR objects: ${name}`, () => {
    let cluster: ContractCluster;
    let bench: ConnectionBench;
    let admin: ClusterConnection;
    beforeAll(async () => {
      cluster = await open();
      bench = new ConnectionBench(cluster);
      admin = await bench.admin();
    });
    afterAll(async () => {
      await bench.close();
      await cluster.close();
    });

    const create = async (fields: Parameters<typeof newCsr>[1] = {}) =>
      admin.csrs.create(newCsr((await csrFor('jane')).pem, fields));
    const approve = (csr: CsrObject) => admin.csrs.approve(csr, 'Contract', '');
    /** An established watch over a wire that the test can cut. */
    const watched = async (watchTimes: Partial<WatchTimes> = {}) => {
      const report = vi.fn();
      const { connection, proxy } = await bench.adminByProxy({ watchTimes, report });
      const watch = connection.csrWatch;
      const reconnected = vi.fn();
      watch.onReconnect(reconnected);
      const { name } = await create();
      await watch.waitFor(name, (csr) => csr !== null, soon());
      return { connection, proxy, watch, reconnected, report };
    };

    it('brings the certificate to every waiter, with one watch', async () => {
      const { watch, proxy } = await watched();
      const created = await create();
      const waiting = [1, 2, 3].map(() => watch.waitFor(created.name, isSigned, soon()));
      await approve(created);
      for (const waited of await Promise.all(waiting))
        expect(waited).toMatchObject({ kind: 'settled', csr: { uid: created.uid, name: created.name } });
      expect(proxy.open).toBeLessThanOrEqual(2);
    });

    it('answers at once if it knows the certificate already', async () => {
      const { watch } = await watched();
      const created = await create();
      await approve(created);
      await watch.waitFor(created.name, isSigned, soon());
      expect(await watch.waitFor(created.name, isSigned, new Date(0))).toMatchObject({ kind: 'settled' });
    });

    it('reports that an object was deleted', async () => {
      const { watch } = await watched();
      const created = await create();
      await watch.waitFor(created.name, (csr) => csr !== null, soon());
      const waiting = watch.waitFor(created.name, isGone, soon());
      await admin.csrs.delete(created);
      expect(await waiting).toEqual({ kind: 'settled', csr: null });
    });

    it('gives up at the deadline, also if the object does not exist', async () => {
      const { watch } = await watched();
      expect(await watch.waitFor(uniqueName('nothing'), () => true, soon(0.2))).toEqual({ kind: 'deadline' });
    });

    it('passes an exception of the condition on to the waiter', async () => {
      const { watch } = await watched();
      const created = await create();
      await expect(
        watch.waitFor(
          created.name,
          () => {
            throw new Error('cannot tell');
          },
          soon(),
        ),
      ).rejects.toThrow('cannot tell');
    });

    it('shows each version once, earlier ones included, and only those of its signer', async () => {
      const before = await create();
      const { watch } = await watched();
      const seen: CsrObject[] = [];
      const unsubscribe = watch.subscribe((csr) => seen.push(csr));
      const other = await create({ signerName: 'example.com/nobody' });
      const created = await create();
      await approve(created);
      await watch.waitFor(created.name, isSigned, soon());
      const of = (name: string) => seen.filter((csr) => csr.name === name);
      expect(of(before.name)).toHaveLength(1);
      expect(of(other.name)).toHaveLength(0);
      expect(of(created.name).map(({ resourceVersion }) => resourceVersion).length).toBe(
        new Set(of(created.name).map(({ resourceVersion }) => resourceVersion)).size,
      );
      expect(of(created.name).at(-1)?.certificate).not.toBeNull();
      unsubscribe();
      const count = seen.length;
      const last = await create();
      await watch.waitFor(last.name, (csr) => csr !== null, soon());
      expect(seen).toHaveLength(count);
    });

    it('survives a listener that throws', async () => {
      const { watch, report } = await watched();
      watch.subscribe(() => {
        throw new Error('a listener of no use');
      });
      const created = await create();
      await approve(created);
      expect(await watch.waitFor(created.name, isSigned, soon())).toMatchObject({ kind: 'settled' });
      expect(report).toHaveBeenCalledWith(expect.objectContaining({ message: 'a listener of no use' }));
    });

    it('continues after a break with the changes made meanwhile, and says that it is back', async () => {
      const { watch, proxy, reconnected, report } = await watched();
      const [signed, deleted] = [await create(), await create()];
      await watch.waitFor(deleted.name, (csr) => csr !== null, soon());
      const waiting = [watch.waitFor(signed.name, isSigned, soon()), watch.waitFor(deleted.name, isGone, soon())];
      await proxy.pause();
      await approve(signed);
      await issued(admin, signed.name);
      await admin.csrs.delete(deleted);
      expect(reconnected).not.toHaveBeenCalled();
      await proxy.resume();
      expect(await Promise.all(waiting)).toMatchObject([{ kind: 'settled' }, { kind: 'settled', csr: null }]);
      // The list that comes first settles the waits, and the watch is back behind it.
      await expect.poll(() => reconnected.mock.calls.length).toBe(1);
      expect(report).toHaveBeenCalled();
    });

    it('resumes a cut connection many times over', async () => {
      const { watch, proxy } = await watched({ firstPause: 10 });
      for (let i = 0; i < 5; i++) {
        const created = await create();
        const waiting = watch.waitFor(created.name, isSigned, soon());
        proxy.cut();
        await approve(created);
        expect(await waiting).toMatchObject({ kind: 'settled' });
      }
    });

    it('finds out that a connection is dead although nothing tells it', async () => {
      const { watch, proxy } = await watched({ silenceWhileWaiting: 300 });
      const created = await create();
      await watch.waitFor(created.name, (csr) => csr !== null, soon());
      proxy.freeze();
      const waiting = watch.waitFor(created.name, isSigned, soon());
      await approve(created);
      expect(await waiting).toMatchObject({ kind: 'settled' });
    });

    it('continues if the API server ends a watch in time, and does not report a break', async () => {
      const { watch, reconnected, report } = await watched({ watch: 1000 });
      await quietMoment(2500);
      const created = await create();
      await approve(created);
      expect(await watch.waitFor(created.name, isSigned, soon())).toMatchObject({ kind: 'settled' });
      expect(reconnected).not.toHaveBeenCalled();
      expect(report).not.toHaveBeenCalled();
    });

    it('begins although the cluster is down, and works once the cluster comes up', async () => {
      const { connection, proxy } = await bench.adminByProxy({ watchTimes: { firstPause: 20, longestPause: 100 } });
      await proxy.pause();
      const created = await create();
      const waiting = connection.csrWatch.waitFor(created.name, hasCondition('Approved'), soon());
      await approve(created);
      await quietMoment(200);
      await proxy.resume();
      expect(await waiting).toMatchObject({ kind: 'settled' });
    });

    it('ends every wait when it is stopped', async () => {
      const { watch, connection, proxy } = await watched();
      const waiting = watch.waitFor(uniqueName('nothing'), () => true, soon(60));
      await watch.stop();
      expect(await waiting).toEqual({ kind: 'deadline' });
      expect(await watch.waitFor(uniqueName('nothing'), () => true, soon(60))).toEqual({ kind: 'deadline' });
      await connection.close();
      await expect.poll(() => proxy.open).toBe(0);
    });
  });
}
