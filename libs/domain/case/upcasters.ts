import type { Upcasters } from '../upcasters.js';

/** No case fact has had an incompatible shape yet. */
export const caseUpcasters: Upcasters = {};
