import { Controller, Inject, Param } from '@nestjs/common';
import { receiptOf, type Receipt, type ReceiptAct, type ReceiptedObligation } from '#libs/documents';
import { caseStream, type CaseFile, type Filing, type Sealed } from '#libs/domain';
import type { Uuid } from '#libs/kernel';
import { KeyErasedError } from '#libs/sealing';
import { documentFacts, documentIdOf, type DocumentData } from '../answers/filing.answer.js';
import { Ask, Exchange, QueryOf } from '../exchange.js';
import { notFound } from '../faults.js';
import { Law } from '../law.js';
import { Lookups } from '../lookups.js';
import { API_PARTS, type ApiParts } from '../parts.js';
import { Questions } from '../questions.js';
import { idOf } from '../requests/filing-input.js';
import { ReceiptQuery } from '../requests/query.request.js';
import { Question } from '../routing.js';

@Controller('api/v1/filings/:filingId/receipt')
export class ReceiptsController {
  constructor(
    private readonly lookups: Lookups,
    private readonly questions: Questions,
    private readonly law: Law,
    @Inject(API_PARTS) private readonly parts: ApiParts,
  ) {}

  @Question('', {
    action: 'read-receipt',
    summary: 'The receipt of a filing, or of what corrected, completed or withdrew it',
    description: 'Its hash is SHA-256 over the canonical JSON (RFC 8785) of `content`, the record as stored.',
    params: { filingId: 'Id of the filing.' },
    query: ReceiptQuery,
    answer: 'Receipt',
    tag: 'filings',
  })
  async receipt(
    @Ask() exchange: Exchange,
    @Param('filingId') id: string,
    @QueryOf(ReceiptQuery) { after, document }: ReceiptQuery,
  ): Promise<Receipt> {
    await this.questions.caughtUp(exchange, after);
    const { caller } = exchange;
    const { file, filing } = await this.lookups.getFilingToRead(caller, idOf(id, 'filing'));
    const fact = await this.factOf(file, filing, document ?? filing.filingId);
    if (!fact) throw notFound('receipt');
    const { data, type } = fact;
    const operatorBin =
      filing.versions.find(({ versionId }) => versionId === documentIdOf(data))?.filedBy ?? filing.filedBy;
    const { location, registration } = data;
    const { house, receiver = 'the authorized body' } = this.parts;
    const place = location ?? file.location;
    const bank = data.values?.bank;
    // The salt lets its owner prove what was committed to, and everyone else guess: nobody else gets it.
    const bankSalt = bank && caller.operatorBin === operatorBin ? await this.saltOf(bank) : undefined;
    const documentId = documentIdOf(data);
    const regionZone = this.law.findRegion(place.region, registration.receivedOn)?.zone;
    const obligation = obligationOf(file, filing);
    return receiptOf({
      fact: { id: fact.id, type, recordedAt: fact.recordedAt, data },
      kind: filing.kind,
      act: actOf(type),
      versionId: documentId,
      caseRef: file.caseRef,
      operatorBin,
      zone: house.lawBook.ruleSet(file.ruleSet.id).zone,
      receiver,
      ...(regionZone === undefined ? {} : { regionZone }),
      ...(obligation === undefined ? {} : { obligation }),
      ...(bankSalt === undefined ? {} : { bankSalt }),
    });
  }

  /** The document's own fact, in the case or in the duplicate that it absorbed. */
  private async factOf({ caseId }: CaseFile, { filingId, absorbedFrom }: Filing, documentId: Uuid) {
    for (const at of absorbedFrom ? [caseId, absorbedFrom] : [caseId])
      for (const fact of await this.parts.house.writePath.store.readStream(caseStream(at))) {
        if (!documentFacts.has(fact.type)) continue;
        const data = fact.data as StoredDocument;
        if (data.filingId === filingId && documentIdOf(data) === documentId) return { ...fact, data };
      }
    return undefined;
  }

  /** Undefined when the key was erased: the receipt then stands without it. */
  private async saltOf(bank: Sealed): Promise<string | undefined> {
    try {
      return (await this.parts.house.sealer.open(bank)).salt;
    } catch (error) {
      if (error instanceof KeyErasedError) return undefined;
      throw error;
    }
  }
}

type StoredDocument = Parameters<typeof receiptOf>[0]['fact']['data'] & DocumentData;

function actOf(type: string): ReceiptAct {
  switch (type) {
    case 'FilingCorrected':
      return 'correction';
    case 'FilingCompleted':
      return 'completion';
    case 'FilingWithdrawn':
      return 'withdrawal';
    default:
      return 'filing';
  }
}

function obligationOf(file: CaseFile, { filingId }: Filing): ReceiptedObligation | undefined {
  for (const { obligationId, status, deadline, metBy } of file.obligations.values())
    if (metBy?.filingId === filingId)
      return { obligationId, status, dueOn: deadline?.dueOn ?? null, daysLate: metBy.daysLate };
  return undefined;
}
