/** A Kazakh business identification number whose date, type, branch and check digits all hold: 12 digits. */
export type Bin = string & { readonly __bin: true };
/** An account number of a bank in Kazakhstan, upper case and without blanks: 20 characters, check digits right. */
export type Iban = string & { readonly __iban: true };
/** A bank identifier code (ISO 9362), upper case: 8 or 11 characters. */
export type Bic = string & { readonly __bic: true };

export const findBin = (text: string): Bin | undefined => (binFault(text) === undefined ? (text as Bin) : undefined);
export const findIban = (text: string): Iban | undefined =>
  ibanFault(text) === undefined ? (text as Iban) : undefined;
export const findBic = (text: string): Bic | undefined => (bicFault(text) === undefined ? (text as Bic) : undefined);

const firstWeights = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];
const secondWeights = [3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2];

/**
 * Why `text` is not a BIN, as one English sentence for a clerk; undefined when it is one.
 * YYMM of registration, type (4 resident, 5 non-resident, 6 joint sole proprietorship), 0 head / 1 branch /
 * 2 representation / 3 other, five serial digits, check digit.
 */
export function binFault(text: string): string | undefined {
  if (text === '') return 'The BIN is missing.';
  if (!/^[0-9]*$/.test(text)) return 'A BIN has digits only, without blanks or signs.';
  if (text.length !== 12) return `A BIN has 12 digits, this one has ${text.length}.`;
  const month = Number(text.slice(2, 4));
  if (month < 1 || month > 12) return `The third and fourth digit of a BIN are a month; ${text.slice(2, 4)} is none.`;
  if (!'456'.includes(text[4]!)) return `The fifth digit of a BIN is 4, 5 or 6; here it is ${text[4]}.`;
  if (!'0123'.includes(text[5]!)) return `The sixth digit of a BIN is 0, 1, 2 or 3; here it is ${text[5]}.`;
  const expected = binCheckDigit(text.slice(0, 11));
  if (expected === undefined) return 'No BIN begins with these eleven digits: they have no check digit.';
  if (expected !== Number(text[11])) return 'The last digit of the BIN does not fit the others; a digit is mistyped.';
  return undefined;
}

/**
 * The twelfth digit for the first eleven; undefined when both passes give 10, so that no such number exists.
 * @throws RangeError when `first` is not eleven digits.
 */
export function binCheckDigit(first: string): number | undefined {
  if (!/^[0-9]{11}$/.test(first)) throw new RangeError('the check digit of a BIN is computed from eleven digits');
  for (const weights of [firstWeights, secondWeights]) {
    const rest = weights.reduce((sum, weight, i) => sum + weight * Number(first[i]), 0) % 11;
    if (rest !== 10) return rest;
  }
  return undefined;
}

/** Why `text` is not the IBAN of a bank in Kazakhstan, as one English sentence; undefined when it is one. */
export function ibanFault(text: string): string | undefined {
  if (text === '') return 'The IBAN is missing.';
  if (!/^[A-Z0-9]*$/.test(text)) return 'An IBAN has Latin capital letters and digits only, without blanks.';
  if (!text.startsWith('KZ')) return 'An IBAN of a bank in Kazakhstan begins with KZ.';
  if (text.length !== 20) return `An IBAN of Kazakhstan has 20 characters, this one has ${text.length}.`;
  if (!/^KZ[0-9]{5}/.test(text)) return 'After KZ come two check digits and the three digits of the bank.';
  // ISO 13616 gives 02 to 98: 00, 01 and 99 would pass mod 97 as aliases of 97, 98 and 02.
  const check = text.slice(2, 4);
  if (check < '02' || check > '98' || ibanRest(text) !== 1)
    return 'The check digits of the IBAN do not fit the rest; a character is mistyped.';
  return undefined;
}

/** ISO 7064 mod 97: first four characters moved to the end, letters as 10 to 35. */
function ibanRest(text: string): number {
  let rest = 0;
  for (const character of text.slice(4) + text.slice(0, 4)) {
    const value = parseInt(character, 36);
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
  }
  return rest;
}

/** Why `text` is not a BIC, as one English sentence; undefined when it is one. The country is not checked. */
export function bicFault(text: string): string | undefined {
  if (text === '') return 'The BIC is missing.';
  if (!/^[A-Z0-9]*$/.test(text)) return 'A BIC has Latin capital letters and digits only, without blanks.';
  if (text.length !== 8 && text.length !== 11) return `A BIC has 8 or 11 characters, this one has ${text.length}.`;
  if (!/^[A-Z]{6}/.test(text)) return 'A BIC begins with six letters: four of the bank, two of the country.';
  return undefined;
}
