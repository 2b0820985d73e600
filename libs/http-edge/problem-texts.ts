export interface ProblemText {
  readonly title: string;
  readonly detail: string;
}

/** Of problems that no decider words. */
export const englishTexts: Readonly<Record<string, ProblemText>> = {
  'bad-request': { title: 'The request is not understood', detail: 'The request is malformed.' },
  'malformed-json': {
    title: 'The JSON is not accepted',
    detail: 'The body is not JSON that can be kept as it was sent.',
  },
  'malformed-form': {
    title: 'The form is not accepted',
    detail: 'The body is not a form that can be kept as it was sent.',
  },
  'malformed-header': { title: 'A header is malformed', detail: 'A header of the request is malformed.' },
  'invalid-request': { title: 'Some fields are wrong', detail: 'See errors for each field and what is wrong with it.' },
  unauthenticated: {
    title: 'Not signed in',
    detail: 'Send a valid API key, in the header X-Api-Key or as a bearer token.',
  },
  forbidden: { title: 'Not allowed', detail: 'This account may not do that.' },
  'not-found': { title: 'Not found', detail: 'There is nothing at this address.' },
  'method-not-allowed': {
    title: 'Method not allowed',
    detail: 'This address does not take that method; see the Allow header.',
  },
  'not-acceptable': { title: 'Not acceptable', detail: 'None of the media types asked for can be given.' },
  'request-timeout': { title: 'The request took too long', detail: 'The request did not arrive in time.' },
  'payload-too-large': {
    title: 'The body is too large',
    detail: 'The body of the request is larger than is taken here.',
  },
  'uri-too-long': { title: 'The address is too long', detail: 'A part of the address is longer than is taken here.' },
  'unsupported-media-type': {
    title: 'Unsupported media type',
    detail: 'This address takes another kind of body; JSON is application/json.',
  },
  'precondition-required': { title: 'A header is missing', detail: 'This request needs an If-Match header.' },
  'too-many-requests': { title: 'Too many requests', detail: 'Wait as long as Retry-After says, then try again.' },
  overloaded: {
    title: 'Too busy',
    detail: 'More requests are under way than can be served. Nothing was recorded; try again.',
  },
  unavailable: {
    title: 'Unavailable for the moment',
    detail: 'Whether anything was recorded is not known. Send the same request with the same Idempotency-Key again.',
  },
  outdated: {
    title: 'Written by a newer release',
    detail:
      'A newer release of this program wrote something that this process cannot read. Send the same request, a command with the same Idempotency-Key, again: another process answers it.',
  },
  internal: {
    title: 'Internal error',
    detail: 'Something went wrong here. Give the correlation id when you report it.',
  },
};

export const codeOfStatus: Readonly<Record<number, string>> = {
  400: 'bad-request',
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'not-found',
  405: 'method-not-allowed',
  406: 'not-acceptable',
  408: 'request-timeout',
  413: 'payload-too-large',
  414: 'uri-too-long',
  415: 'unsupported-media-type',
  428: 'precondition-required',
  429: 'too-many-requests',
  500: 'internal',
  503: 'unavailable',
};
