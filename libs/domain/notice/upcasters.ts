import type { Upcasters } from '../upcasters.js';

/** No notice fact has had an incompatible shape yet. */
export const noticeUpcasters: Upcasters = {};
