export { problemTexts, fieldFaultText, type Translated } from './problem-words.js';
