import type { Upcasters } from '../upcasters.js';

/** No operator fact has had an incompatible shape yet. */
export const operatorUpcasters: Upcasters = {};
