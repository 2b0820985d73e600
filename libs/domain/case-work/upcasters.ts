import type { Upcasters } from '../upcasters.js';

/** No case work fact has had an incompatible shape yet. */
export const caseWorkUpcasters: Upcasters = {};
