import type { Language } from '#libs/domain';
import type { Instant, Uuid } from '#libs/kernel';
import { Entity } from 'typeorm';
import { Field, KeyField, tableOf } from '../engine/table.js';

/** A legal entity. Its contacts are sealed; all that is known here is whether there are any. */
@Entity({ schema: 'read', name: 'operator' })
export class OperatorRow {
  @KeyField('text') bin: string;
  @Field('text') name: string;
  @Field('text') language: Language;
  @Field('boolean') hasContacts: boolean;
  @Field('timestamptz') registeredAt: Instant;
  @Field('timestamptz') changedAt: Instant;
}

/** Which operator holds a case now; a merged case is held by nobody. */
@Entity({ schema: 'read', name: 'operator_case' })
export class OperatorCaseRow {
  @KeyField('uuid') caseId: Uuid;
  @Field('text', { nullable: true }) operatorBin: string | null;
}

export const operatorTable = tableOf(OperatorRow, 'bin');
export const operatorCaseTable = tableOf(OperatorCaseRow, 'caseId');
