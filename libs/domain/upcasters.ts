/**
 * Old stored shape -> today's. Keyed by the stored type; the answer names the type it became. Chains run until a type
 * has no entry. The event store applies them on reading; what is stored never changes.
 */
export interface Upcasters {
  readonly [storedType: string]: (data: unknown) => { readonly type: string; readonly data: unknown };
}
