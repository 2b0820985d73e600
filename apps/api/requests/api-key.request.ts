import { clientRoles, type ClientRole } from '#libs/identity';
import type { Uuid } from '#libs/kernel';
import { Bin, Count, Flag, Id, OneOf, Text } from '../body/fields.js';
import { largestPage } from './query.request.js';

export class ApiKeyBody {
  @OneOf(clientRoles, { example: 'operator' })
  role: ClientRole;

  @Bin({
    optional: true,
    description:
      'Of an operator only: for whom it files. Without one the key may do nothing to any case until it is bound.',
  })
  operatorBin?: string;

  @Text(100, { description: 'Whose key it is, for lists.', example: 'ERP of TOO Primer' })
  label: string;

  @Id({
    optional: true,
    description:
      'Another key for an account there is, e.g. before its old one is revoked; of the same role and operator.',
  })
  accountId?: Uuid;
}

export class BindingBody {
  @Bin()
  operatorBin: string;
}

/** No `PageQuery`: keys are no facts, so no position is waited for. */
export class ApiKeysQuery {
  @Count(largestPage, { description: 'How many at most; without it 50.', example: 50 })
  limit?: number;

  @Text(2000, { optional: true, description: 'Where to go on: `next` of the page before.' })
  cursor?: string;

  @OneOf(clientRoles, { optional: true })
  role?: ClientRole;

  @Bin({ optional: true })
  operatorBin?: string;

  @Id({ optional: true })
  accountId?: Uuid;

  @Flag({ description: 'Whether it was revoked.' })
  revoked?: boolean;
}
