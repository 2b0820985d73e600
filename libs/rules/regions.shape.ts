import { plainDate } from '#libs/kernel';
import type { RegionCatalogue } from '#libs/domain';
import { day, fail, list, object, text, zone, type Reader } from './shape.js';

const code: Reader<string> = (value, at) => {
  const read = text(value, at);
  return /^\d{2}$/.test(read) ? read : fail(at, `two digits are needed, not ${JSON.stringify(read)}`);
};

const shape = object({
  version: text,
  source: text,
  regions: list(
    object(
      { code, name: object({ kk: text, ru: text, en: text }), zone },
      { validFrom: day, validTo: day, from: code },
    ),
    { atLeast: 1 },
  ),
});

/** @throws RulesDataError naming file and field; entries of one code may not overlap in time. */
export const readRegions: Reader<RegionCatalogue> = (value, place) => {
  const catalogue = shape(value, place);
  const codes = new Set(catalogue.regions.map((region) => region.code));
  const openFrom = new Map<string, string>();
  catalogue.regions.forEach(({ code: own, from, validFrom = plainDate('1900-01-01'), validTo }, n) => {
    const field = `regions[${n}]`;
    if (validTo !== undefined && validTo < validFrom)
      fail({ ...place, field: `${field}.validTo` }, `${validTo} is before validFrom`);
    if (from !== undefined && !codes.has(from))
      fail({ ...place, field: `${field}.from` }, `there is no region ${from}`);
    const taken = openFrom.get(own);
    if (taken !== undefined && validFrom <= taken)
      fail(
        { ...place, field: `${field}.validFrom` },
        `region ${own} has an entry for that day already; entries must rise`,
      );
    openFrom.set(own, validTo ?? '9999-12-31');
  });
  return catalogue;
};
