import { createHash } from 'node:crypto';
import { canonicalJson, type PlainDate } from '#libs/kernel';
import { noticeStream, type NoticeIssue } from '#libs/domain';
import { noticeDocument, type NoticeDocument } from '#libs/documents';
import type { EventStore, Position, RecordedFact } from '#libs/event-store';

/** What is posted to the energy body: the closed list of rule 6's document, the nominal day and a checkpoint. */
export interface DeliveredNotice extends Omit<NoticeDocument, 'deadline' | 'supersedes'> {
  readonly deadline: NoticeDocument['deadline'] & { readonly nominalOn: PlainDate };
  readonly supersedes: { readonly noticeId: string; readonly number: string | null } | null;
  readonly checkpoint: {
    /** The place of the notice in the log. */
    readonly position: Position;
    /** hex: the leaf of the audit tree, SHA-256 over a zero byte and the canonical text of the fact. */
    readonly factHash: string;
  };
}

/** The notice as it goes out, from the fact that issued it. @param supersededNumber of the notice that it supersedes. */
export function noticeToDeliver(issued: RecordedFact, supersededNumber?: string): DeliveredNotice {
  const issue = issued.data as NoticeIssue & { readonly issuedOn: PlainDate };
  const { supersedes, ...document } = noticeDocument(issue);
  return {
    ...document,
    deadline: { ...document.deadline, nominalOn: issue.deadline.nominalOn },
    supersedes: supersedes === null ? null : { noticeId: supersedes, number: supersededNumber ?? null },
    checkpoint: { position: issued.position, factHash: leafHash(issued) },
  };
}

/** Reads what is needed and makes the document; undefined when the notice was never issued. */
export async function findNoticeToDeliver(store: EventStore, noticeId: string): Promise<DeliveredNotice | undefined> {
  const [issued] = await store.readStream(`notice-${noticeId}`, { limit: 1 });
  if (issued?.type !== 'NoticeIssued') return undefined;
  const { supersedes } = issued.data as NoticeIssue;
  if (supersedes === undefined) return noticeToDeliver(issued);
  const [before] = await store.readStream(noticeStream(supersedes), { limit: 1 });
  return noticeToDeliver(issued, (before?.data as NoticeIssue | undefined)?.number);
}

function leafHash({ id, type, stream, revision, recordedAt, data, meta }: RecordedFact): string {
  const text = canonicalJson({ id, type, stream, revision, recordedAt, data, meta });
  return createHash('sha256')
    .update(Buffer.from([0]))
    .update(text)
    .digest('hex');
}
