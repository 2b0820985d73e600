import type { Upcasters } from '../upcasters.js';

/** No authority fact has had an incompatible shape yet. */
export const authorityUpcasters: Upcasters = {};
