import { derivedId, type Uuid } from '#libs/kernel';

/** What people and the deadline engine do about a case: alerts, assignments, notes, looks at secrets. No legal facts. */
export const caseWorkStream = (caseId: Uuid) => `caseWork-${caseId}`;
export const caseWorkCategory = 'caseWork-';

/** One alert per subject and step of a term (`stepOfTerm`), whatever runs twice. */
export const alertIdOf = (subjectId: Uuid, step: string): Uuid => derivedId(subjectId, `alert/${step}`);
