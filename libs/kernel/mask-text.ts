/**
 * The last guard before text is written where it is not sealed: a log line, a clerk's remark. It knows shapes, not
 * meanings: an account number in another country's form, or a name, passes.
 */
const masks: readonly (readonly [RegExp, string])[] = [
  // A Kazakh IBAN, also in groups of four as people write it.
  [/(?<![\p{L}\d])KZ\d{2}(?:[ -]?[0-9A-Z]{4}){4}(?![\p{L}\d])/giu, '[iban]'],
  [/qdg_[a-z-]+_[\w-]{20,}/gu, '[api-key]'],
  // User and password in an address; before the mail rule, which would take the password and leave the user.
  [/(:\/\/)[^\s/@"]+@/gu, '$1[login]@'],
  [/[\p{L}\d._%+'-]+@[\p{L}\d-]+(?:\.[\p{L}\d-]+)+/gu, '[e-mail]'],
  [/(?<![\p{L}\d])\+\d(?:[ ().-]*\d){9,14}(?!\d)/gu, '[phone]'],
  // 8 7xx and 7 7xx as dialled at home. A hyphen or a letter on either side means an identifier, not a telephone.
  [/(?<![\p{L}\d_-])[78][ -]?\(?7\d{2}\)?[ -]?\d{3}[ -]?\d{2}[ -]?\d{2}(?![\p{L}\d_-])/gu, '[phone]'],
];

/** A cheap look that is never wrong about absence: most lines hold nothing of the kind. */
const suspicious = /KZ\d|qdg_|@|\+\d|[78][ -]?\(?7\d{2}/i;

/** `text` with everything that looks like a Kazakh IBAN, an API key, a login, a mail address or a telephone replaced. */
export function maskText(text: string): string {
  if (!suspicious.test(text)) return text;
  let masked = text;
  for (const [pattern, instead] of masks) masked = masked.replace(pattern, instead);
  return masked;
}

export const mayHoldSecrets = (text: string): boolean => suspicious.test(text);
