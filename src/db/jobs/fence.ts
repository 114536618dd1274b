import type { Knex } from 'knex';
import type { Fence } from '../../app/ports.ts';
import { AppError } from '../../platform/errors.ts';
import { exactInteger } from '../engine/exact-integer.ts';
import type { Row } from '../engine/raw-rows.ts';

/**
 * Refuses the rest of a transaction to whoever is not the newest holder of the lease, and keeps the lease from passing on
 * until the transaction ends. A holder that slept past its lease finds this out here, whatever its clock says.
 *
 * @throws AppError LEASE_LOST (retryable)
 */
export async function holdFence(transaction: Knex, fence: Fence | undefined): Promise<void> {
  if (fence === undefined) return;
  const [row] = await transaction<Row>('lease').where('name', fence.lease).forShare().select('token');
  if (row !== undefined && exactInteger((row as Row).token) === fence.token) return;
  throw new AppError('LEASE_LOST', `the lease "${fence.lease}" went to another runner`, {
    status: 503,
    retryable: true,
    help: 'the other runner goes on with the work; nothing of this write was kept',
  });
}
