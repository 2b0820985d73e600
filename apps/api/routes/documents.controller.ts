import { Controller, Inject, Param, StreamableFile } from '@nestjs/common';
import { AttachDocument } from '#libs/application';
import { documentFault, documentTypes, isDocumentAddress, isDocumentType, isNamedOtherwise } from '#libs/documents';
import { caseStream, type CaseFile, type Filing } from '#libs/domain';
import { Commands } from '../commands.js';
import { contentDisposition } from '../content-disposition.js';
import { Ask, Exchange, QueryOf } from '../exchange.js';
import { notFound, refuse } from '../faults.js';
import { Lookups } from '../lookups.js';
import { API_PARTS, type ApiParts } from '../parts.js';
import { idOf } from '../requests/filing-input.js';
import { DocumentNameQuery } from '../requests/query.request.js';
import { Command, Question } from '../routing.js';

const tag = 'documents';

@Controller('api/v1/filings/:filingId/documents')
export class DocumentsController {
  constructor(
    private readonly commands: Commands,
    private readonly lookups: Lookups,
    @Inject(API_PARTS) private readonly parts: ApiParts,
  ) {}

  @Command('', {
    action: 'attach-document',
    summary: 'Attach a document to a filing',
    description:
      'The body is the file itself, at most 10 MiB, under its own Content-Type; its content must be of that type, and so must the ending of its name.',
    params: { filingId: 'Id of the filing.' },
    query: DocumentNameQuery,
    rawBody: Object.keys(documentTypes),
    answer: 'DocumentAnswer',
    status: 201,
    tag,
  })
  async attach(
    @Ask() exchange: Exchange,
    @Param('filingId') id: string,
    @QueryOf(DocumentNameQuery) { name }: DocumentNameQuery,
  ) {
    const { caller, body } = exchange;
    const { file, filing } = await this.lookups.getFilingToChange(caller, idOf(id, 'filing'));
    const mediaType = exchange.header('content-type')?.split(';')[0]?.trim().toLowerCase() ?? '';
    if (!isDocumentType(mediaType) || !Buffer.isBuffer(body))
      throw refuse('malformed', 'document-missing', 'the body is the document itself: PDF, PNG, JPEG, XLSX or DOCX');
    const wrong = documentFault(body, mediaType);
    if (wrong) throw refuse('refused', 'document-content', wrong);
    if (isNamedOtherwise(name, mediaType))
      throw refuse(
        'refused',
        'document-name',
        `the name does not end with .${documentTypes[mediaType]}, as its type would`,
      );
    const { sha256, bytes } = await this.parts.documents.put(filing.filedBy, body);
    const { filingId } = filing;
    await this.commands.run(exchange, AttachDocument, {
      caseId: file.caseId,
      filingId,
      sha256,
      bytes,
      mediaType,
      name,
    });
    exchange.answerHeader('location', `/api/v1/filings/${filingId}/documents/${sha256}`);
    return { filingId, sha256, bytes, mediaType, name };
  }

  @Question(':sha256', {
    action: 'read-documents',
    summary: 'Fetch an attached document',
    params: { filingId: 'Id of the filing.', sha256: 'SHA-256 of the document, lower-case hex.' },
    answerType: 'application/octet-stream',
    tag,
  })
  async fetch(@Ask() exchange: Exchange, @Param('filingId') id: string, @Param('sha256') sha256: string) {
    if (!isDocumentAddress(sha256)) throw notFound('document');
    const { file, filing } = await this.lookups.getFilingToRead(exchange.caller, idOf(id, 'filing'));
    const attached = await this.attached(file, filing, sha256);
    const bytes = attached && (await this.parts.documents.find(sha256));
    if (!attached || !bytes) throw notFound('document');
    // What others sent us is never shown inside our own pages, whatever it is.
    exchange.answerHeader('content-security-policy', "default-src 'none'; sandbox");
    exchange.answerHeader('etag', `"${sha256}"`);
    return new StreamableFile(bytes, {
      type: attached.mediaType,
      disposition: contentDisposition(attached.name),
      length: bytes.length,
    });
  }

  /** The fact of the attachment, in the case or in the duplicate that it absorbed. */
  private async attached(file: CaseFile, { filingId, absorbedFrom }: Filing, sha256: string) {
    for (const caseId of absorbedFrom ? [file.caseId, absorbedFrom] : [file.caseId]) {
      const facts = await this.parts.house.writePath.store.readStream(caseStream(caseId));
      for (const { type, data } of facts as unknown as readonly { readonly type: string; readonly data: Attached }[])
        if (type === 'DocumentAttached' && data.filingId === filingId && data.sha256 === sha256) return data;
    }
    return undefined;
  }
}

interface Attached {
  readonly filingId: string;
  readonly sha256: string;
  readonly mediaType: string;
  readonly name: string;
}
