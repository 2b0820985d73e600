import { authorityUpcasters, caseUpcasters, caseWorkUpcasters, noticeUpcasters, operatorUpcasters } from '#libs/domain';
import type { Upcasters } from '#libs/event-store';

/** All aggregates' upcasters, as the event store takes them: it knows no domain. */
export const allUpcasters = (): Upcasters =>
  new Map(
    [caseUpcasters, caseWorkUpcasters, noticeUpcasters, operatorUpcasters, authorityUpcasters].flatMap((own) =>
      Object.entries(own),
    ),
  );
