import { derivedId, type Uuid } from '#libs/kernel';

export const noticeStream = (noticeId: Uuid) => `notice-${noticeId}`;
export const noticeCategory = 'notice-';

/** One notice per filing version and addressee, whatever is sent again. */
export const noticeIdOf = (versionId: Uuid, caseId: Uuid): Uuid =>
  derivedId(`${caseId}/${versionId}`, 'notice/energy-body');
/** What the energy body knows a centre by: it says nothing of the operator. */
export const centreIdOf = (caseId: Uuid): Uuid => derivedId(caseId, 'centre');
