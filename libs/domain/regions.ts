import type { PlainDate, Zone } from '#libs/kernel';

export interface RegionName {
  readonly kk: string;
  readonly ru: string;
  readonly en: string;
}

/** A region as it stood for a time. A code may have several entries, one after the other (the capital was renamed). */
export interface Region {
  /** First two digits of the KATO code. */
  readonly code: string;
  readonly name: RegionName;
  /** The clock on the wall there; shown beside the regulator's where they differ, never used to judge lateness. */
  readonly zone: Zone;
  /** First day, inclusive; absent: before the Rules. */
  readonly validFrom?: PlainDate;
  /** Last day, inclusive; absent: still there. */
  readonly validTo?: PlainDate;
  /** The code of the region it was cut from. */
  readonly from?: string;
}

export interface RegionCatalogue {
  readonly version: string;
  readonly source: string;
  readonly regions: readonly Region[];
}

const validOn = (region: Region, day: PlainDate): boolean =>
  (region.validFrom === undefined || region.validFrom <= day) &&
  (region.validTo === undefined || day <= region.validTo);

/** The region that had `code` on `day`; undefined when the code was unknown that day. */
export const regionOn = (catalogue: RegionCatalogue, code: string, day: PlainDate): Region | undefined =>
  catalogue.regions.find((region) => region.code === code && validOn(region, day));

/** All regions of `day`, by code. */
export const regionsOn = (catalogue: RegionCatalogue, day: PlainDate): readonly Region[] =>
  catalogue.regions.filter((region) => validOn(region, day)).sort((a, b) => (a.code < b.code ? -1 : 1));
